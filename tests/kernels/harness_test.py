# SPDX-License-Identifier: GPL-2.0
"""Tests of the harness itself; needs neither network nor QEMU."""

import pathlib
import subprocess
import tempfile
import unittest

import debian
import guest
import initramfs
import matrix
import results
import verdicts

DEB822 = """\
# comment
Types: deb deb-src
URIs: http://one.example/debian
  https://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQ
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm

types: deb
uris: mirror+file:/etc/apt/mirrors/security.list
suites: bookworm-security
signed-by: /usr/share/keyrings/a.gpg
"""

ONE_LINE = """\
# deb http://off.example/debian bookworm main
deb-src http://source.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://one.example/debian/ bookworm main contrib
deb http://sec.example/debian-security bookworm-security/updates main # security
"""


class Sources(unittest.TestCase):
    def test_reads_deb822(self):
        archive, security = debian.parse_sources_file(DEB822)
        self.assertEqual(archive.uris, "http://one.example/debian https://two.example/debian")
        self.assertEqual(archive.suites, ("bookworm", "bookworm-updates"))
        self.assertTrue(archive.signed_by.startswith("\n -----BEGIN"))
        self.assertEqual(security.signed_by, "/usr/share/keyrings/a.gpg")

    def test_reads_one_line_format(self):
        archive, security = debian.parse_list_file(ONE_LINE)
        self.assertEqual((archive.uris, archive.signed_by), ("http://one.example/debian/", "/k.gpg"))
        self.assertEqual(security.suites, ("bookworm-security/updates",))

    def test_finds_the_archive_that_carries_a_suite(self):
        for sources in (list(debian.parse_sources_file(DEB822)), list(debian.parse_list_file(ONE_LINE))):
            archive = debian.source_for("sid", sources, "bookworm")
            security = debian.source_for("bullseye-security", sources, "bookworm")
            self.assertIn("one.example", archive.uris)
            self.assertEqual(archive.suites, ("sid",))
            self.assertNotIn("one.example", security.uris)

    def test_says_which_source_is_missing(self):
        with self.assertRaisesRegex(debian.FetchError, "no security source"):
            debian.source_for("trixie-security", [debian.Source("http://x", ("bookworm",), "", "")], "bookworm")


class FakeApt:
    architecture = "amd64"
    source = debian.Source("http://x", ("suite",), "", "")

    def __init__(self, depends, names=()):
        self.depends = depends
        self.known = names

    def dependencies(self, package):
        return self.depends.get(package, [])

    def names(self, prefix):
        return [name for name in self.known if name.startswith(prefix)]


class Packages(unittest.TestCase):
    SERIES = debian.Series("6.18", "6.18.", ("suite",))
    META = "linux-image-cloud-amd64"

    def test_follows_the_meta_package(self):
        apt = FakeApt({self.META: ["linux-base", "linux-image-6.18.9-cloud-amd64"]}, ["linux-image-6.18.15-cloud-amd64"])
        self.assertEqual(debian.image_package(apt, self.SERIES), "linux-image-6.18.9-cloud-amd64")

    def test_takes_the_newest_of_the_series_where_the_suite_has_moved_on(self):
        names = [f"linux-image-6.18.{n}-cloud-amd64{s}" for n in (9, 15, 12) for s in ("", "-dbg", "-unsigned")]
        apt = FakeApt({self.META: ["linux-image-7.2.1-cloud-amd64"]}, names)
        self.assertEqual(debian.image_package(apt, self.SERIES), "linux-image-6.18.15-cloud-amd64")

    def test_fails_where_the_series_is_gone(self):
        with self.assertRaises(debian.FetchError):
            debian.image_package(FakeApt({self.META: ["linux-image-7.2.1-cloud-amd64"]}), self.SERIES)

    def test_adds_the_parts_of_a_split_image(self):
        apt = FakeApt({"image": ["kmod", "linux-binary-7.2", "linux-base"], "linux-binary-7.2": ["linux-modules-7.2"]})
        self.assertEqual(debian.with_parts(apt, "image"), ["image", "linux-binary-7.2", "linux-modules-7.2"])


class Report(unittest.TestCase):
    WHOLE = b"@@ready 6.1 9.25\n@@begin tp\nlog\n@@end tp 1\n@@xml tp 9\n<a>\n@@</a\n@@begin auto\n[ RUN      ] A.B\n"

    def test_reads_families_and_the_xml_by_its_size(self):
        outcome = guest.parse(self.WHOLE)
        self.assertEqual((outcome.release, list(outcome.families)), ("6.1", ["tp", "auto"]))
        self.assertEqual(outcome.families["tp"], guest.FamilyRun("log\n", 1, b"<a>\n@@</a"))
        self.assertIsNone(outcome.families["auto"].status)

    def test_reads_recordings_by_their_size_and_none_that_is_cut_short(self):
        outcome = guest.parse(b"@@ready 6.1 9.25\n@@recording host 9\n{\n@@end}\n@@recording ipv6 3\n{}\n@@recording ipv4 9\n{")
        self.assertEqual(outcome.recordings, {"host": b"{\n@@end}\n", "ipv6": b"{}\n"})

    def test_ends_a_guest_whose_clock_runs_ahead(self):
        for uptime, trouble in ((9.25, guest.WRONG_CLOCK), (0.01, "")):
            with self.subTest(uptime), tempfile.TemporaryDirectory() as directory:
                report = pathlib.Path(directory) / "report.log"
                script = f"sleep 0.1; echo '@@ready 6.1 {uptime}' >{report}; sleep 1"
                process = subprocess.Popen(["sh", "-c", script])
                self.assertEqual(guest.watch(process, report), trouble)

    def test_bears_an_end_at_any_byte(self):
        for length in range(len(self.WHOLE)):
            for run in guest.parse(self.WHOLE[:length]).families.values():
                self.assertIn(run.xml, (None, b"<a>\n@@</a"))


GTEST_XML = b"""<testsuites tests="4" failures="1"><testsuite name="A">
<testcase name="Passes" status="run" result="completed" classname="A"/>
<testcase name="Fails" status="run" result="completed" classname="A"><failure message="no"/><failure message="nor that"/></testcase>
<testcase name="Skips" status="run" result="skipped" classname="A"><skipped message="a.cpp:1&#x0A;no netem"/></testcase>
<testcase name="DISABLED_Off" status="notrun" result="suppressed" classname="A"/>
</testsuite></testsuites>"""

CTEST_XML = b"""<testsuite tests="3">
<testcase name="A.Passes" classname="A.Passes" status="run"><system-out>x</system-out></testcase>
<testcase name="A.Fails" classname="A.Fails" status="fail"><failure message=""/><system-out>boom</system-out></testcase>
<testcase name="A.Skips" classname="A.Skips" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
<system-out>a.cpp:1: Skipped
no netem
</system-out></testcase>
</testsuite>"""


class Verdict(unittest.TestCase):
    def test_reads_the_xml_of_both_runners_alike(self):
        for data in (GTEST_XML, CTEST_XML):
            tests = results.read_xml(data, "6.1", "tp")
            self.assertEqual([test.name for test in tests], ["A.Passes", "A.Fails", "A.Skips"])
            self.assertEqual([test.outcome for test in tests], ["passed", "failed", "skipped"])
            self.assertEqual(tests[2].message, "no netem")

    def test_tells_every_expectation_that_failed(self):
        failed = results.read_xml(GTEST_XML, "6.1", "tp")[1]
        self.assertEqual(failed.message, "no\nnor that")

    def test_a_crash_fails_the_test_it_happened_in(self):
        log = (
            "[ RUN      ] A.One\n[       OK ] A.One (3 ms)\n"
            "[ RUN      ] A.Two\na.cpp:1: Failure\nbad\n[  FAILED  ] A.Two, where GetParam() = 5 (3 ms)\n"
            "[ RUN      ] A.Three\na.cpp:2: Skipped\nno netem\n[  SKIPPED ] A.Three (0 ms)\n"
            "[ RUN      ] A.Four\nbang\n"
        )
        tests = results.read_run("6.1", "tp", None, log, 139)
        found = [(test.name, test.outcome, test.message) for test in tests]
        self.assertEqual(found[0], ("A.One", "passed", ""))
        self.assertEqual(found[1], ("A.Two", "failed", "a.cpp:1: Failure\nbad"))
        self.assertEqual(found[2], ("A.Three", "skipped", "no netem"))
        self.assertEqual(found[3][:2], ("A.Four", "failed"))
        self.assertIn("139; those after it were not run\nbang", found[3][2])

    def test_a_sanitizers_report_is_told_from_its_beginning(self):
        report = ["==7==ERROR: AddressSanitizer: heap-use-after-free", *(f"    #{i} in f{i}" for i in range(40)), "==7==ABORTING"]
        log = "[ RUN      ] A.One\n==================\n" + "\n".join(report)
        test, = results.read_run("host", "sanitizers", None, log, 1)
        self.assertEqual((test.name, test.outcome), ("A.One", "failed"))
        self.assertIn(f"not run\n{report[0]}\n{report[1]}\n", test.message)
        self.assertNotIn(report[-1], test.message)

    def test_a_bad_exit_status_fails_even_if_every_test_passed(self):
        data = b'<testsuites><testsuite><testcase name="P" classname="A" status="run"/></testsuite></testsuites>'
        self.assertEqual(results.count(results.read_run("6.1", "tp", data, "", 1)), (1, 1, 0))
        self.assertEqual(results.count(results.read_run("6.1", "tp", data, "", 0)), (1, 0, 0))

    def test_only_an_expected_skip_is_a_skip(self):
        tests = [results.Test(kernel, "tp", "A.Skips", results.SKIPPED, "why") for kernel in ("5.10", "6.1")]
        results.judge(tests, results.read_expected("# comment\n4.19,5.*  tp  A.*  no such hook\n"))
        self.assertEqual([test.outcome for test in tests], ["skipped", "failed"])

    def test_an_expected_skip_can_be_of_all_kernels_before_one(self):
        for kernel, before in (("5.10", True), ("6.12", True), ("6.18", False), ("newest", False)):
            self.assertEqual(results.is_kernel(kernel, "<6.17"), before, kernel)
        self.assertEqual(results.is_kernel("host", "<999.0"), True)
        self.assertEqual(results.is_kernel("host", "<2.6"), False)

    def test_an_expected_skip_that_ran_is_reported(self):
        tests = [results.Test("5.10", "tp", "A.Runs", results.PASSED)]
        notes = results.judge(tests, results.read_expected("5.10 * A.Runs why\n"))
        self.assertEqual(notes, ["expected to be skipped, but ran: 5.10/tp A.Runs"])
        self.assertEqual(tests[0].outcome, "passed")

    def test_the_list_of_expected_skips_is_well_formed(self):
        families = {*matrix.FAMILIES, "*", "unit", "sanitizers", "cli"}
        for rule in results.read_expected_file():
            self.assertLessEqual(set(rule.family.split(",")), families)

    def test_the_tables_show_every_kernel_and_family(self):
        tests = [results.Test("6.1", "tp", "A.B", results.FAILED), results.Test("6.1", "auto", "A.B", results.PASSED)]
        self.assertIn("6.1     x        1/0/0  0/1/0", results.family_table(tests, ["6.1"], ["auto", "tp"], {"6.1": "x"}))
        self.assertIn("A.B   .F   --", results.test_table(tests, ["6.1", "5.10"], ["auto", "tp"]))


DRILLS_XML = b"""<testsuites><testsuite name="Causes/DrillTest">
<testcase name="VerdictIsTheCause/KeepaliveRace" value_param="keepalive-race" status="run" result="completed"
  classname="Causes/DrillTest"><properties><property name="outcome" value="right"/></properties></testcase>
<testcase name="VerdictIsTheCause/InjectedReset" value_param="injected-reset" status="run" result="completed"
  classname="Causes/DrillTest"><properties><property name="outcome" value="open"/></properties></testcase>
<testcase name="VerdictIsTheCause/Disconnect" value_param="disconnect" status="run" result="completed"
  classname="Causes/DrillTest"><failure message="no"/><properties><property name="outcome" value="wrong"/></properties>
</testcase>
<testcase name="VerdictIsTheCause/MptcpReset" value_param="mptcp-reset" status="run" result="skipped"
  classname="Causes/DrillTest"><skipped message="a.cpp:1&#x0A;cannot"/></testcase>
<testcase name="VerdictIsTheCause/AdminAbort" value_param="admin-abort" status="run" result="completed"
  classname="Causes/DrillTest"><failure message="no hooks"/></testcase>
<testcase name="Other/4" value_param="4" status="run" result="completed" classname="Some/OtherTest"/>
</testsuite></testsuites>"""


class Recordings(unittest.TestCase):
    def test_is_a_property_of_a_test(self):
        xml = b'<testsuites><testsuite><testcase name="A"><properties><property name="recording" value="00ff7f"/>'
        xml += b"</properties></testcase></testsuite></testsuites>"
        self.assertEqual(results.read_recording(xml), b"\0\xff\x7f")
        self.assertEqual(results.read_recording(b"<testsuites/>"), b"")


class Verdicts(unittest.TestCase):
    def test_are_read_with_the_tests(self):
        tests = results.read_xml(DRILLS_XML, "6.1", "tp")
        self.assertEqual([test.drill for test in tests],
                         ["keepalive-race", "injected-reset", "disconnect", "mptcp-reset", "admin-abort", ""])
        self.assertEqual([test.verdict for test in tests], ["right", "open", "wrong", "", "", ""])

    def test_stand_in_a_table_by_kernel_and_family(self):
        tests = results.read_xml(DRILLS_XML, "6.1", "tp")
        tests += [results.Test("6.1", "auto", "x", results.PASSED, drill="injected-reset", verdict="right")]
        self.assertEqual(verdicts.table(tests, ["5.10", "6.1"], ["auto", "tp"]).splitlines(), [
            "drill           5.10   6.1",
            "                au tp  au tp",
            "keepalive-race            ✓",
            "injected-reset         ✓  o",
            "disconnect                X",
            "mptcp-reset               -",
            "admin-abort               ?",
            "right           0  0   1  1",
            "of              0  0   1  4",
        ])

    def test_of_the_whole_matrix_fit_a_line(self):
        kernels = [series.name for series in debian.SERIES]
        tests = [results.Test(kernel, family, "x", results.PASSED, drill="x" * 40 if at < 1 else f"{at}", verdict="right")
                 for kernel in kernels for family in matrix.FAMILIES for at in range(99)]
        lines = verdicts.table(tests, kernels, matrix.FAMILIES).splitlines()
        self.assertLessEqual(max(map(len, lines)), 120)
        self.assertEqual(lines[-1].split(), ["of", *["99"] * len(kernels) * len(matrix.FAMILIES)])

    def test_of_other_tests_there_are_none(self):
        self.assertEqual(verdicts.table([results.Test("6.1", "tp", "A.B", results.PASSED)], ["6.1"], ["tp"]), "")


class Plan(unittest.TestCase):
    KERNELS = [series.name for series in debian.SERIES]

    def test_is_every_family_on_every_kernel(self):
        pairs = [(name, family) for name, families in matrix.plan(self.KERNELS, matrix.FAMILIES, False) for family in families]
        self.assertEqual(sorted(pairs), sorted((name, family) for name in self.KERNELS for family in matrix.FAMILIES))

    def test_spread_is_auto_everywhere_and_each_other_family_on_some(self):
        self.assertEqual(set(matrix.SPREAD), set(self.KERNELS))
        guests = matrix.plan(self.KERNELS, matrix.FAMILIES, True)
        self.assertEqual([name for name, families in guests if families == ["auto"]], self.KERNELS)
        for family in matrix.FAMILIES[1:]:
            self.assertGreaterEqual(sum(family in families for _, families in guests), 2, family)

    def test_begins_with_what_takes_long(self):
        guests = matrix.plan(["5.10", "6.1"], matrix.FAMILIES, True)
        self.assertEqual(guests, [("5.10", ["tp", "kprobe"]), ("5.10", ["auto"]), ("6.1", ["auto"]), ("6.1", ["kprobe"])])


class Initramfs(unittest.TestCase):
    def test_names_modules_as_the_kernel_does(self):
        with tempfile.TemporaryDirectory() as directory:
            kernel = pathlib.Path(directory, "kernel/net")
            kernel.mkdir(parents=True)
            for name in ("nf-one.ko", "two.ko.xz", "three.ko.zst", "readme"):
                (kernel / name).touch()
            self.assertEqual(sorted(initramfs.module_files(pathlib.Path(directory))), ["nf_one", "three", "two"])


if __name__ == "__main__":
    unittest.main()
