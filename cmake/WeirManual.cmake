# What an installed weir brings besides itself: its manual pages, and the completion of its
# command line, which it prints itself.
include(GNUInstallDirs)

foreach(section 1 5 7)
    file(GLOB pages CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/docs/man/*.${section}")
    install(FILES ${pages} DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}")
endforeach()

set(bash_file weir)
set(zsh_file _weir)
set(fish_file weir.fish)
set(bash_folder "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
set(zsh_folder "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
set(fish_folder "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
foreach(shell bash zsh fish)
    set(script "${CMAKE_BINARY_DIR}/completions/${${shell}_file}")
    add_custom_command(OUTPUT "${script}"
        COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_BINARY_DIR}/completions"
        COMMAND weir completion ${shell} > "${script}"
        DEPENDS weir VERBATIM)
    list(APPEND completions "${script}")
    install(FILES "${script}" DESTINATION "${${shell}_folder}")
endforeach()
add_custom_target(completions ALL DEPENDS ${completions})
