/** A disk that fails under SQLite: a VFS that hands everything to the real one until its n-th write
 * or fsync, which fails. Only programs that link node/store may use it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum test_io { TEST_IO_WRITE, TEST_IO_SYNC, TEST_IO_KINDS };

/** Make the failing VFS the default one of this process; call before a database is opened. */
void test_io_fault_install(void);
/** Fail the n-th call of this kind from now on (1 = the next) and, when is_lasting, all behind it;
 * 0 turns it off. */
void test_io_fault_arm(enum test_io kind, size_t n, bool is_lasting);
/** True when a call has failed since it was armed. */
bool test_io_fault_has_come(void);
