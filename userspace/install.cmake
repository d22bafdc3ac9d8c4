# SPDX-License-Identifier: GPL-2.0
# The completion scripts inside the binary, and what `cmake --install` puts where.
set(tt_completions ${PROJECT_SOURCE_DIR}/userspace/completions)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${tt_completions}/tcptrace.bash ${tt_completions}/_tcptrace ${tt_completions}/tcptrace.fish)
file(READ ${tt_completions}/tcptrace.bash TT_COMPLETION_BASH)
file(READ ${tt_completions}/_tcptrace TT_COMPLETION_ZSH)
file(READ ${tt_completions}/tcptrace.fish TT_COMPLETION_FISH)
configure_file(${tt_completions}/completion_scripts.h.in ${CMAKE_BINARY_DIR}/completions/completion_scripts.h @ONLY)
target_include_directories(tt_cli SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/completions)

install(TARGETS tcptrace RUNTIME)
configure_file(${PROJECT_SOURCE_DIR}/userspace/man/tcptrace.8.in ${CMAKE_BINARY_DIR}/man/tcptrace.8 @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/man/tcptrace.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
install(FILES ${PROJECT_SOURCE_DIR}/userspace/output/tcptrace-1.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/tcptrace)
install(FILES ${tt_completions}/tcptrace.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tcptrace)
install(FILES ${tt_completions}/_tcptrace DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${tt_completions}/tcptrace.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
