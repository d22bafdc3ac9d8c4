// SPDX-License-Identifier: GPL-2.0
#include "kernel/handles.h"

#include "tcptrace.h"
#include "tcptrace.skel.h"

namespace tcptrace::kernel {

void SkeletonDeleter::operator()(tcptrace_bpf* skeleton) const { tcptrace_bpf__destroy(skeleton); }

}  // namespace tcptrace::kernel
