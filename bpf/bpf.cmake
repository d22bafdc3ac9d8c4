# SPDX-License-Identifier: GPL-2.0
# bpf/*.bpf.c -> one object each -> one linked object -> one skeleton header, which embeds the bytes in the binary.
find_program(CLANG NAMES clang clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64)$")
  set(TT_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(TT_BPF_ARCH arm64)
else()
  message(FATAL_ERROR "no vmlinux header for ${CMAKE_SYSTEM_PROCESSOR}: run scripts/gen-vmlinux and add it here")
endif()

set(TT_BPF_FLAGS -target bpf -D__TARGET_ARCH_${TT_BPF_ARCH} -g -O2 -mcpu=v2 -std=gnu11 -Wall -Wextra -Werror
    -Wno-unused-parameter -Wno-missing-declarations -Wno-missing-field-initializers -Wno-address-of-packed-member
    -I${PROJECT_SOURCE_DIR}/bpf -isystem ${PROJECT_SOURCE_DIR}/vmlinux/${TT_BPF_ARCH})

file(GLOB TT_BPF_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bpf/*.bpf.c)
set(bpf_dir ${CMAKE_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${bpf_dir})
set(bpf_objects)
foreach(source ${TT_BPF_SOURCES})
  get_filename_component(name ${source} NAME_WLE)
  set(object ${bpf_dir}/${name}.o)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CLANG} ${TT_BPF_FLAGS} -MD -MF ${object}.d -c ${source} -o ${object}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "BPF ${name}"
    VERBATIM)
  list(APPEND bpf_objects ${object})
endforeach()
add_custom_command(
  OUTPUT ${bpf_dir}/tcptrace.skel.h
  COMMAND ${BPFTOOL} gen object ${bpf_dir}/tcptrace.linked.o ${bpf_objects}
  COMMAND ${BPFTOOL} gen skeleton ${bpf_dir}/tcptrace.linked.o name tcptrace_bpf > ${bpf_dir}/tcptrace.skel.h
  DEPENDS ${bpf_objects}
  COMMENT "BPF skeleton"
  VERBATIM)
add_custom_target(tt_bpf_skeleton DEPENDS ${bpf_dir}/tcptrace.skel.h)
add_library(tt_bpf INTERFACE)
add_dependencies(tt_bpf tt_bpf_skeleton)
target_include_directories(tt_bpf SYSTEM INTERFACE ${bpf_dir})
