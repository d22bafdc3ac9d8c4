# SPDX-License-Identifier: GPL-2.0
# The page of `tcptrace report` -> one header with its text: our HTML, style sheet and script, and the plotting library,
# which npm fetches by the hash in package-lock.json. Nothing of it is needed when tcptrace runs.
find_program(TT_NPM NAMES npm REQUIRED)
find_program(TT_NODE NAMES node nodejs REQUIRED)

set(tt_page ${PROJECT_SOURCE_DIR}/userspace/report_page)
set(tt_page_build ${CMAKE_BINARY_DIR}/report_page)
file(GLOB tt_page_sources CONFIGURE_DEPENDS ${tt_page}/*.html ${tt_page}/*.css ${tt_page}/*.js)
add_custom_command(
  OUTPUT ${tt_page_build}/node_modules/.package-lock.json
  COMMAND ${CMAKE_COMMAND} -E make_directory ${tt_page_build}
  COMMAND ${CMAKE_COMMAND} -E copy ${tt_page}/package.json ${tt_page}/package-lock.json ${tt_page}/.npmrc ${tt_page_build}
  COMMAND ${CMAKE_COMMAND} -E chdir ${tt_page_build} ${TT_NPM} ci --loglevel=error
  COMMAND ${CMAKE_COMMAND} -E touch ${tt_page_build}/node_modules/.package-lock.json
  DEPENDS ${tt_page}/package.json ${tt_page}/package-lock.json ${tt_page}/.npmrc
  COMMENT "npm ci: the plotting library of the report's page"
  VERBATIM)
add_custom_command(
  OUTPUT ${tt_page_build}/report_page.h
  COMMAND ${TT_NODE} ${tt_page}/bundle.mjs ${tt_page} ${tt_page_build}/node_modules/uplot ${tt_page_build}/report_page.h
  DEPENDS ${tt_page}/bundle.mjs ${tt_page_sources} ${tt_page_build}/node_modules/.package-lock.json
  COMMENT "The report's page"
  VERBATIM)
add_custom_target(tt_report_page_header DEPENDS ${tt_page_build}/report_page.h)
add_library(tt_report_page INTERFACE)
add_dependencies(tt_report_page tt_report_page_header)
target_include_directories(tt_report_page SYSTEM INTERFACE ${tt_page_build})
