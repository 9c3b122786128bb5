# weir_embed(TARGET FILE)
#
# Makes the bytes of FILE includable in TARGET's sources, as the inside of an array:
# static const unsigned char text[] = {
# #include "embed/NAME.inc"
# };
function(weir_embed target file)
    get_filename_component(name "${file}" NAME)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${file}")
    file(READ "${CMAKE_SOURCE_DIR}/${file}" hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REGEX REPLACE "(................................................................................)"
           "\\1\n" bytes "${bytes}")
    set(out "${CMAKE_BINARY_DIR}/embed/${target}/embed/${name}.inc")
    file(WRITE "${out}.new" "${bytes}\n")
    configure_file("${out}.new" "${out}" COPYONLY)
    target_include_directories(${target} PRIVATE "${CMAKE_BINARY_DIR}/embed/${target}")
endfunction()
