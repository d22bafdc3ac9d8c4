# SPDX-License-Identifier: GPL-2.0
"""Who may include whom. The build enforces part of it; headers alone would slip through."""

import pathlib
import re
import unittest

import support

PURE = {"trace", "diagnose", "output", "monitor", "tune", "report"}
EDGES = {"kernel", "host", "sink", "stress", "tui"}
# base <- model <- pure folders, which do not see one another <- edges, likewise <- cli
ALLOWED = {"base": {"base"}, "model": {"base", "model"}}
ALLOWED.update({folder: {"base", "model", folder} for folder in PURE})
ALLOWED.update({folder: {"base", "model", folder} | PURE for folder in EDGES})
ALLOWED["cli"] = {"base", "model", "cli"} | PURE | EDGES
ABI_READERS = {"trace", "kernel"}
# What opens files, sockets or clocks; <sys/socket.h> is there for AF_INET.
IMPURE = re.compile(r"<(fcntl\.h|unistd\.h|poll\.h|time\.h|ctime|sys/(?!types\.h|socket\.h).*|fstream|iostream|cstdio|"
                    r"filesystem|thread|mutex|bpf/.*|CLI/.*)>|_clock::now\b")
# What the edges share: closes what others opened, reads the clock, enters a network namespace and replaces a file for
# them.
IMPURE_ALLOWED = {"base/unique_fd.h", "base/clock.cpp", "base/netns_entry.cpp", "base/replace_file.cpp"}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
LONGEST = {".cpp": 400, ".h": 400}


def violations(name, text):
    """What file `name` (below userspace/) does that its folder may not."""
    folder = name.split("/")[0] if "/" in name else "cli"
    found = []
    for included in INCLUDE.findall(text):
        other = included.split("/")[0] if "/" in included else None
        if included in ("tcptrace.h", "tcptrace.skel.h"):
            readers = ABI_READERS if included == "tcptrace.h" else {"kernel"}
            if folder not in readers:
                found.append(f"{name} includes {included}")
        elif other in ALLOWED and other not in ALLOWED[folder]:
            found.append(f"{name} includes {included}")
    if folder in PURE | {"base", "model"} and name not in IMPURE_ALLOWED:
        found += [f"{name} is not pure: {match.group()}" for match in IMPURE.finditer(text)]
    if not text.startswith("// SPDX-License-Identifier: GPL-2.0\n"):
        found.append(f"{name} has no SPDX line")
    if text.count("\n") > LONGEST[pathlib.Path(name).suffix]:
        found.append(f"{name} is too long")
    return found


class Layering(unittest.TestCase):
    def test_of_the_sources(self):
        userspace = support.SOURCE / "userspace"
        files = [path for suffix in LONGEST for path in userspace.rglob(f"*{suffix}")]
        self.assertGreater(len(files), 20)
        found = []
        for path in sorted(files):
            found += violations(str(path.relative_to(userspace)), path.read_text())
        self.assertEqual(found, [])

    def test_finds_what_it_is_there_to_find(self):
        spdx = "// SPDX-License-Identifier: GPL-2.0\n"
        for name, line in (("trace/x.cpp", '#include "output/json.h"'), ("model/x.h", '#include "trace/decode.h"'),
                           ("host/x.cpp", '#include "kernel/bpf_session.h"'), ("output/x.h", '#include "tcptrace.h"'),
                           ("cli/x.cpp", '#include "tcptrace.h"'), ("sink/x.cpp", '#include "cli/options.h"'),
                           ("trace/x.cpp", "#include <unistd.h>"), ("output/x.cpp", "#include <sys/stat.h>"),
                           ("model/x.h", "std::chrono::steady_clock::now()")):
            self.assertEqual(len(violations(name, spdx + line + "\n")), 1, (name, line))
        self.assertEqual(violations("kernel/x.cpp", spdx + '#include "tcptrace.h"\n#include <unistd.h>\n'), [])
        self.assertEqual(violations("cli/x.cpp", spdx + '#include "kernel/bpf_session.h"\n'), [])
        self.assertEqual(len(violations("cli/x.cpp", "int x;\n")), 1)
        self.assertEqual(len(violations("cli/x.cpp", spdx + "\n" * 500)), 1)


if __name__ == "__main__":
    unittest.main()
