#!/usr/bin/env python3
"""Hold tests/tally.awk, which counts all results, to logs of known content. Usage: tally.py --self-test"""
import os
import subprocess
import sys

import checks

GOOD = "[ RUN      ] a\n[       OK ] a\n"
BAD = "[ RUN      ] b\n[  ERROR   ] --- 0x1 != 0x2\n[  FAILED  ] b\n"
SKIP = "[ RUN      ] c\nno data\n[  SKIPPED ] c\n"
HEAD = "[==========] Running 3 test(s).\n"
FOOT = "[==========] 3 test(s) run.\n[  PASSED  ] 1 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n[  SKIPPED ] c\n"
LISTED = "[  FAILED  ] 1 test(s), listed below:\n[  FAILED  ] b\n"

CASES = [  # name, log, passed failed skipped, a piece of the rest
    ("group", HEAD + GOOD + BAD + SKIP + FOOT + LISTED + "\nexit: 1\n", "1 1 1", "0x1 != 0x2"),
    ("skip_reason", HEAD + SKIP + FOOT + "exit: 0\n", "0 0 1", "? c: no data"),
    ("output_before_result", HEAD + "[ RUN      ] a\nstray[       OK ] a\nexit: 0\n", "1 0 0", ""),
    ("setup_failed", HEAD + "[ RUN      ] a\nCould not run\n[ RUN      ] b\n[       OK ] b\nexit: 1\n", "1 1 0", "never ended"),
    ("group_setup", HEAD + "[  FAILED  ] GROUP SETUP\nexit: 1\n", "0 1 0", "GROUP SETUP"),
    ("signal", HEAD + GOOD + "[ RUN      ] b\nexit: 139\n", "1 1 0", "signal 11"),
    ("sanitizer_at_exit", HEAD + GOOD + "LeakSanitizer: 8 bytes\nexit: 99\n", "1 1 0", "LeakSanitizer"),
    ("exit_without_reason", HEAD + GOOD + "exit: 1\n", "1 1 0", "exit code 1"),
    ("nothing_ran", "\nexit: 0\n", "0 1 0", "ran no test"),
    ("time_limit", "ok a\nexit: 124\n", "1 1 0", "time limit"),
    ("script", "ok a\nnot ok b: why\n#  more\nskip c: no tool\nexit: 1\n", "1 1 1", "#  more"),
    ("program_speaks", "ok  th.ngo.one is now a partner\nnot ok at all\nok a\nexit: 0\n", "1 0 0", ""),
]


def main():
    good = True
    for name, log, counts, piece in CASES:
        script = os.path.join(checks.ROOT, "tests/tally.awk")
        done = subprocess.run(["awk", "-f", script], input=log, capture_output=True, text=True, check=True)
        first, _, rest = done.stdout.partition("\n")
        right = first == counts and piece in rest
        good &= checks.report("selftest_tally_" + name, [] if right else ["got %r" % done.stdout])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
