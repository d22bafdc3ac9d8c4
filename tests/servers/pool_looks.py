# SPDX-License-Identifier: GPL-2.0
"""What `tcptrace pools -J` prints."""

import json


def parse(text):
    """The pools by pid, and the summary."""
    *pools, summary = [json.loads(line) for line in text.splitlines()]
    if summary["type"] != "pools_summary" or summary["pools"] != len(pools):
        raise AssertionError(text)
    return {pool.get("process", {}).get("pid"): pool for pool in pools}, summary


def verdicts(pool):
    return {verdict["verdict"]: verdict["confidence"] for verdict in pool["verdicts"]}
