/* ledger.md 14, security.md L-09 to L-11: SIGKILL during commits loses nothing acknowledged and
 * leaves no gap; a full disk stops the journal and loses nothing; a second implementation checks
 * the checkpoint. */
#include "node_db.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int test_crash(void);

#define KILLS 20
#define CHILD_THREADS 4

static int make(void **state)
{
    static struct node_db n;
    node_make(&n);
    *state = &n;
    return 0;
}

static int unmake(void **state)
{
    node_remove(*state);
    return 0;
}

struct acker {
    struct node_db *n;
    int fd;
};

/* Write for ever, and tell through a pipe what is acknowledged: index and size of the signed head.
 */
static void *write_and_tell(void *arg)
{
    const struct acker *a = arg;
    for (unsigned i = 0;; i++) {
        sph_leaf leaves[3];
        sph_head *head = NULL;
        for (size_t k = 0; k < 3; k++)
            sph_leaf_init(&leaves[k], SPH_EVENT_PAD, "la.office.example");
        sph_job job = {.leaves = leaves, .leaf_count = 1 + i % 3, .want_head = i % 2 == 0};
        if (sph_journal_commit(a->n->journal, &job, &head, NULL).code != SPH_OK)
            _exit(3);
        const uint64_t last = leaves[job.leaf_count - 1].index;
        const uint64_t told[2] = {last, sph_head_note(head).len ? sph_head_size(head) : 0};
        sph_head_free(&head);
        if (write(a->fd, told, sizeof(told)) != (ssize_t)sizeof(told))
            _exit(4);
    }
    return NULL;
}

static void run_child(struct node_db *n, int fd)
{
    pthread_t threads[CHILD_THREADS];
    struct acker acker = {n, fd};
    if (node_try_start(n).code != SPH_OK)
        _exit(5);
    for (int i = 0; i < CHILD_THREADS; i++)
        if (pthread_create(&threads[i], NULL, write_and_tell, &acker) != 0)
            _exit(6);
    for (;;)
        pause();
}

/* Largest acknowledged index + 1 and signed size that came through the pipe. */
static void drain(int fd, uint64_t *leaves, uint64_t *signed_size)
{
    uint64_t told[2];
    while (read(fd, told, sizeof(told)) == (ssize_t)sizeof(told)) {
        *leaves = told[0] + 1 > *leaves ? told[0] + 1 : *leaves;
        *signed_size = told[1] > *signed_size ? told[1] : *signed_size;
    }
}

static void kill_one(struct node_db *n, unsigned after_us, uint64_t *leaves, uint64_t *signed_size)
{
    int pipe_ends[2], status = 0;
    assert_int_equal(pipe(pipe_ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipe_ends[0]);
        run_child(n, pipe_ends[1]);
    }
    close(pipe_ends[1]);
    uint64_t first[2]; /* it is writing now */
    assert_int_equal(read(pipe_ends[0], first, sizeof(first)), sizeof(first));
    usleep(after_us);
    assert_int_equal(kill(child, SIGKILL), 0);
    drain(pipe_ends[0], leaves, signed_size);
    close(pipe_ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void crash_twenty_kills_lose_nothing_and_leave_no_gap(void **state)
{
    struct node_db *n = *state;
    uint64_t acknowledged = 0, signed_size = 0, leaves = 0;
    struct sph_ledger_fault fault;
    for (unsigned i = 0; i < KILLS; i++) {
        SPH_AUTO_PTR(sph_head) *head = NULL;
        kill_one(n, 500 + i * 7919 % 23000, &acknowledged, &signed_size);
        assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
        assert_true(leaves >= acknowledged);
        node_start(n); /* the start check holds after every one */
        assert_int_equal(sph_journal_head(n->journal, true, &head, NULL).code, SPH_OK);
        assert_true(!head || sph_head_size(head) >= signed_size);
        sph_journal_free(&n->journal);
    }
    print_message("%llu leaves acknowledged over %d kills, %llu in the ledger\n",
                  (unsigned long long)acknowledged, KILLS, (unsigned long long)leaves);
}

/* The disk gets full in the middle: a file size limit makes write() fail as ENOSPC does. */
static int fill_the_disk(struct node_db *n, int fd)
{
    const struct rlimit limit = {400 * 1024, 400 * 1024};
    uint64_t told = 0;
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || node_try_start(n).code != SPH_OK ||
        setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 2;
    enum sph_code code = SPH_OK;
    while (code == SPH_OK) {
        SPH_AUTO_PTR(sph_head) *head = NULL;
        code = node_write(n, 8, true, &head);
        if (code == SPH_OK)
            told = sph_head_size(head);
    }
    if (code != SPH_EIO || !sph_journal_is_stopped(n->journal))
        return 3;
    if (node_write(n, 1, false, NULL) != SPH_EIO)
        return 4;
    if (write(fd, &told, sizeof(told)) != (ssize_t)sizeof(told))
        return 5;
    sph_journal_free(&n->journal);
    return 0;
}

static void full_disk_stops_the_journal_and_loses_nothing(void **state)
{
    struct node_db *n = *state;
    int pipe_ends[2], status = 0;
    uint64_t told = 0, leaves = 0;
    struct sph_ledger_fault fault;
    assert_int_equal(pipe(pipe_ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(fill_the_disk(n, pipe_ends[1]));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read(pipe_ends[0], &told, sizeof(told)), sizeof(told));
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    assert_true(told > 0);
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
    assert_true(leaves >= told);
    node_start(n); /* with room again, the ledger goes on */
    assert_int_equal(node_write(n, 1, true, NULL), SPH_OK);
    assert_int_equal(node_verify(n, &fault, &leaves), SPH_OK);
}

/* tests/interop/check_note.py: another language and another Ed25519, from the octets of leaves and
 * note. */
static void checkpoint_is_confirmed_by_a_second_implementation(void **state)
{
    struct node_db *n = *state;
    SPH_AUTO(sph_buf) vkey = sph_buf_init(256);
    char command[1024];
    const sph_slice here = SPH_LIT(__FILE__); /* tests/unit/journal/… */
    const size_t tests = sph_slice_find(here, SPH_LIT("unit/journal/"), 0);
    assert_true(tests != SIZE_MAX);
    if (system("/usr/bin/python3 -c 'import cryptography' 2>/dev/null") != 0) {
        print_message("skipped: /usr/bin/python3 has no cryptography\n");
        skip();
    }
    node_start(n);
    for (unsigned i = 0; i < 12; i++)
        assert_int_equal(node_write(n, 1 + i * 5, i % 3 == 0, NULL), SPH_OK);
    assert_int_equal(node_write(n, 1, true, NULL), SPH_OK);
    sph_journal_free(&n->journal);
    assert_int_equal(sph_vkey_text(&n->vkey, &vkey, NULL).code, SPH_OK);
    assert_int_equal(sph_str_format(command, sizeof(command), NULL,
                                    "/usr/bin/python3 '%.*sinterop/check_note.py' '%s' '%s'",
                                    (int)tests, __FILE__, sph_buf_text(&vkey), n->path)
                         .code,
                     SPH_OK);
    assert_int_equal(system(command), 0);
    node_tamper(n,
                "UPDATE leaf SET body=CAST(substr(body,1,130)||x'55'||substr(body,132) AS BLOB)"
                " WHERE idx=3",
                NULL);
    assert_int_not_equal(system(command), 0);
}

int test_crash(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(crash_twenty_kills_lose_nothing_and_leave_no_gap, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(full_disk_stops_the_journal_and_loses_nothing, make,
                                        unmake),
        cmocka_unit_test_setup_teardown(checkpoint_is_confirmed_by_a_second_implementation, make,
                                        unmake),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
