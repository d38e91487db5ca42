# Count results in a log of cmocka groups and of scripts that print "ok NAME", "not ok NAME: reason" and
# "skip NAME: reason". First line of output: passed failed skipped. Then, for each failure, what it printed;
# each line "? reason" is a skip. A log may end with "exit: N", the program's exit code; the end of a program
# that no failure explains is a failure itself (a signal, a sanitizer, a test that called exit).

function fail(text)
{
    failed++
    shown = shown text "\n"
}

function close_test()
{
    if (test != "")
        fail(block "    (the test " test " never ended)")
    test = ""
}

/^exit: [0-9]+$/ {
    code = $2
    if (code == 124 || code == 137)
        reason = "ended by the time limit"
    else if (code >= 128)
        reason = "killed by signal " code - 128
    else if (code >= 99 || (code > 0 && failed == before)) # 99: a sanitizer
        reason = "ended with exit code " code
    else if (code == 0 && test == "" && passed + failed + skipped == total)
        reason = "ran no test"
    else
        reason = ""
    if (test != "")
        fail(block "    (the test " test " never ended) " reason)
    else if (reason != "")
        fail(tail() "    " reason)
    test = ""
    before = failed
    total = passed + failed + skipped
    next
}

/\[ RUN      \] / {
    close_test()
    test = $0
    sub(/.*\[ RUN      \] /, "", test)
    block = "    " $0 "\n"
    next
}

test != "" {
    if (/\[       OK \] /) {
        passed++
        test = ""
    } else if (/\[  SKIPPED \] /) {
        skipped++
        why = why "? " test (said != "" ? ": " said : "") "\n"
        test = ""
    } else if (/\[  FAILED  \] /) {
        fail(block "    " $0)
        test = ""
    } else if (/^\[==========\] [0-9]+ test\(s\) run/)
        close_test()
    else
        block = block "    " $0 "\n"
    said = $0
    next
}

/^\[  FAILED  \] GROUP (SETUP|TEARDOWN)/ { fail("    " $0) }

/^ok [A-Za-z0-9_.\/-]+$/ { passed++; in_reason = 0; next }

/^not ok [A-Za-z0-9_.\/-]+(:|$)/ { fail("    " $0); in_reason = 1; next }

/^skip [A-Za-z0-9_.\/-]+(:|$)/ { skipped++; why = why "? " substr($0, 6) "\n"; in_reason = 0; next }

/^#/ && in_reason { shown = shown "    " $0 "\n"; next }

{ in_reason = 0; kept[count++ % 15] = $0 }

# The last lines that were no result, for an end that nothing else explains.
function tail(text, at)
{
    for (at = count > 15 ? count - 15 : 0; at < count; at++)
        text = text "    " kept[at % 15] "\n"
    return text
}

END {
    close_test()
    printf "%d %d %d\n%s%s", passed, failed, skipped, why, shown
}
