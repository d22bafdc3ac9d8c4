# SPDX-License-Identifier: GPL-2.0
"""`cmake --install`: the whole tree, a binary that needs nothing of the build, a man page that is complete."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import support

TREE = {
    "bin/tcptrace",
    "share/man/man8/tcptrace.8",
    "share/bash-completion/completions/tcptrace",
    "share/zsh/site-functions/_tcptrace",
    "share/fish/vendor_completions.d/tcptrace.fish",
    "share/tcptrace/tcptrace-1.schema.json",
}


class Install(support.CliTest):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.prefix = pathlib.Path(cls.directory.name)
        subprocess.run(["cmake", "--install", str(support.BUILD), "--prefix", str(cls.prefix)],
                       capture_output=True, check=True)
        cls.man_page = cls.prefix / "share/man/man8/tcptrace.8"

    def test_the_tree_is_complete_and_nothing_else(self):
        files = {str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if path.is_file()}
        self.assertEqual(files, TREE)

    def test_the_binary_is_self_contained(self):
        with tempfile.TemporaryDirectory() as elsewhere:
            binary = shutil.copy(self.prefix / "bin/tcptrace", elsewhere)
            result = support.run("check", "--json", binary=binary, cwd=elsewhere, env={})
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertTrue(json.loads(result.stdout)["usable"])
        # As it must on hosts that have nothing but the C library.
        dynamic = subprocess.run(["readelf", "-d", str(self.prefix / "bin/tcptrace")], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        self.assertLessEqual(needed, {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"})
        self.assertNotIn(str(support.BUILD).encode(), pathlib.Path(self.prefix / "bin/tcptrace").read_bytes())

    def test_the_completions_are_those_of_the_binary(self):
        for shell, file in (("bash", "share/bash-completion/completions/tcptrace"),
                            ("zsh", "share/zsh/site-functions/_tcptrace"),
                            ("fish", "share/fish/vendor_completions.d/tcptrace.fish")):
            self.assertEqual((self.prefix / file).read_text(), support.run("completion", shell).stdout)

    def test_the_schema_is_json(self):
        schema = json.loads((self.prefix / "share/tcptrace/tcptrace-1.schema.json").read_text())
        self.assertIn("$schema", schema)

    def rendered_man_page(self):
        environment = dict(os.environ, MANWIDTH="80", LC_ALL="C.UTF-8", MAN_KEEP_FORMATTING="")
        result = subprocess.run(["man", "-l", "--warnings", "-E", "UTF-8", str(self.man_page)], env=environment,
                                capture_output=True, text=True, check=True)
        self.assertEqual(result.stderr, "")
        return re.sub(r"\x1b\[[0-9;]*m|.\x08", "", result.stdout)

    def test_the_man_page_renders_and_is_complete(self):
        page = self.rendered_man_page()
        options = support.all_help_options()
        for option in options:
            self.assertRegex(page, rf"(?m)^ +(-\w, )?{option}( |$)")
        for part in ("EXIT STATUS", "PRIVILEGES", "FILES", "EXAMPLES"):
            self.assertRegex(page, rf"(?m)^{part}$")
        text = " ".join(page.split()).replace("\N{HYPHEN} ", "")
        for default in re.findall(r"\(default (\w+)\)", support.run("--help").stdout):
            self.assertIn(f"default is {default}", text)
        # Every option that the page names exists.
        known = set(options)
        named = set(re.findall(r"(?m)^ {3,10}(?:-\w, )?(--[\w-]+)", page))
        self.assertEqual(named - known, set())


if __name__ == "__main__":
    unittest.main()
