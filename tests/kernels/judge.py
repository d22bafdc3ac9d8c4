# SPDX-License-Identifier: GPL-2.0
"""Judges one run on this machine as scripts/kernels does those in its guests: what failed, and skips nobody expects."""

import argparse
import pathlib
import sys

import results


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--family", required=True, help="second column of expected_skips")
    parser.add_argument("--status", type=int, required=True, help="exit status of the run")
    parser.add_argument("--xml", type=pathlib.Path, required=True)
    parser.add_argument("--log", type=pathlib.Path, required=True)
    parser.add_argument("--counts", type=pathlib.Path, help="gets a line: passed failed skipped")
    return parser.parse_args()


def main():
    options = parse_arguments()
    data = options.xml.read_bytes() if options.xml.exists() else None
    log = options.log.read_text(errors="replace")
    tests = results.read_run("host", options.family, data or None, log, options.status)
    notes = results.judge(tests, results.read_expected_file())
    for title, outcome in (("skipped", results.SKIPPED), ("FAILED", results.FAILED)):
        text = results.details(tests, outcome)
        if text:
            print(f"{title}:\n{text}")
    for note in notes:
        print(note)
    print(f"{options.family}: {results.closing_line(tests)}")
    results.append_counts(options.counts, tests)
    return 1 if results.count(tests)[1] else 0


if __name__ == "__main__":
    sys.exit(main())
