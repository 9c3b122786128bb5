# weir_floor(FOLDER [FLOORS folder…] [PRIVATE library…])
#
# Makes the static library weir_<folder> of all *.c in FOLDER (main.c apart) and
# exports its headers as "FOLDER/name.h". The include directory of a floor holds
# nothing but a link to that floor, so that only the floors named can be included.
function(weir_floor folder)
    cmake_parse_arguments(arg "" "" "FLOORS;PRIVATE" ${ARGN})
    string(REPLACE "/" "_" name "${folder}")
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.c")
    list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/${folder}/main.c")
    set(exported "${CMAKE_BINARY_DIR}/include/${name}")
    get_filename_component(parent "${exported}/${folder}" DIRECTORY)
    file(MAKE_DIRECTORY "${parent}")
    if(NOT EXISTS "${exported}/${folder}")
        file(CREATE_LINK "${CMAKE_SOURCE_DIR}/${folder}" "${exported}/${folder}" SYMBOLIC)
    endif()

    add_library(weir_${name} STATIC ${sources})
    weir_target(weir_${name})
    set_target_properties(weir_${name} PROPERTIES LINKER_LANGUAGE C)
    target_include_directories(weir_${name} PUBLIC "${exported}")
    foreach(floor IN LISTS arg_FLOORS)
        string(REPLACE "/" "_" floor_name "${floor}")
        target_link_libraries(weir_${name} PUBLIC weir_${floor_name})
    endforeach()
    target_link_libraries(weir_${name} PRIVATE ${arg_PRIVATE})
endfunction()
