/* Large contents: room at the partner and on the disk is asked before anything is made, and what
 * was sealed for nothing goes at once. */
#include "exchange/room.h"
#include "support/pair.h"

#define LARGE 600000u

static unsigned files_below(struct pair_side *side, const char *folder);

struct count {
    struct pair_side *side;
    const char *folder;
    unsigned files;
};

static sph_rc count_entry(void *arg, const char *name, sph_err *err)
{
    struct count *count = arg;
    char path[200];
    SPH_TRY(sph_str_format(path, sizeof(path), err, "%s/%s", count->folder, name), err, "path");
    count->files += sph_slice_str(name).len == 2 ? files_below(count->side, path) : 1;
    return sph_ok();
}

/** Files of a folder and of its shelves "ab/". */
static unsigned files_below(struct pair_side *side, const char *folder)
{
    struct count count = {side, folder, 0};
    const sph_files *files = test_env_get(side->world)->files;
    sph_err err = {0};
    assert_ok(files->list(files->ctx, folder, count_entry, &count, &err), &err);
    return count.files;
}

/** A submit of one attachment of that media type; which code came. */
static enum sph_code submit(struct pair *pair, const char *media_type, bool is_dry_run,
                            sph_findings *findings)
{
    sph_err err = {0};
    sph_json *draft = NULL;
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    const sph_files *files = test_env_get(pair->a.world)->files;
    SPH_AUTO(sph_buf) body = sph_buf_init(LARGE);
    SPH_AUTO(sph_open_file) file = {files, NULL};
    for (unsigned i = 0; i < LARGE; i++)
        assert_ok(sph_buf_add_byte(&body, (uint8_t)('a' + i % 26), &err), &err);
    assert_ok(sph_file_store(files, "large.txt", sph_buf_peek(&body), true, &err), &err);
    assert_ok(files->open(files->ctx, "large.txt", SPH_OPEN_READ, &file.file, &err), &err);
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    const struct sph_submit_attachment attachments[2] = {
        {.files = files,
         .file = file.file,
         .len = LARGE,
         .media_type = "text/plain",
         .title = "Invented text"},
        {.files = files,
         .file = file.file,
         .len = LARGE,
         .media_type = media_type,
         .title = "Invented text"},
    };
    const struct sph_submit what = {.draft = draft,
                                    .to = &pair->b.party,
                                    .to_count = 1,
                                    .attachments = attachments,
                                    .attachment_count = 2,
                                    .user = "operator",
                                    .is_dry_run = is_dry_run};
    const sph_rc rc = sph_submit(pair->a.node, &what, done, findings, &err);
    sph_json_free(&draft);
    sph_mem_free(done);
    return rc.code;
}

static void limit_partner(struct pair *pair, uint64_t largest)
{
    SPH_AUTO_PTR(sph_partner) *partner =
        sph_partners_get(sph_node_partners(pair->a.node), pair->b.party);
    partner->card.largest_message = largest;
}

static void large_beyond_the_partners_card_is_refused_before_sealing(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    limit_partner(pair, 2 * sph_room_stored(LARGE));
    assert_int_equal(submit(pair, "text/plain", false, findings), SPH_ELIMIT);
    assert_int_equal(findings->count, 1);
    assert_string_equal(findings->at[0].key, "room.partner");
    assert_string_equal(findings->at[0].name, pair->b.party);
    assert_string_equal(findings->at[0].value, "1.4 MB / 1.3 MB");
    assert_int_equal(files_below(&pair->a, "vault"), 0);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SUBMITTED), 0);
    limit_partner(pair, 2 * sph_room_stored(LARGE) + 200000);
    *findings = (sph_findings){0};
    assert_int_equal(submit(pair, "text/plain", false, findings), SPH_OK);
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    sph_mem_free(findings);
    pair_free(&pair);
}

static void large_sealed_for_nothing_leaves_the_vault_at_once(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    assert_int_equal(submit(pair, "text/html", false, findings), SPH_EREFUSED);
    assert_int_equal(files_below(&pair->a, "vault"), 0);
    assert_int_equal(submit(pair, "text/plain", true, findings), SPH_OK);
    assert_int_equal(files_below(&pair->a, "vault"), 0);
    assert_int_equal(submit(pair, "text/plain", false, findings), SPH_OK);
    assert_int_equal(files_below(&pair->a, "vault"), 2);
    assert_int_equal(files_below(&pair->a, "spool"), 0);
    sph_mem_free(findings);
    pair_free(&pair);
}

static void large_sizes_are_told_as_people_read_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t octets;
        const char *text;
    } table[] = {{0, "0 B"},         {999, "999 B"},         {1000, "1.0 KB"},
                 {412345, "412 KB"}, {1250000000, "1.2 GB"}, {UINT64_C(2147483648), "2.1 GB"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char text[24];
        sph_room_text(table[i].octets, text);
        assert_string_equal(text, table[i].text);
    }
}

static void large_disk_without_room_is_said_with_both_numbers(void **state)
{
    (void)state;
    struct pair *pair = pair_new();
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    sph_err err = {0};
    assert_code(sph_room_on_disk(pair->a.node, UINT64_C(1) << 60, findings, &err), SPH_ELIMIT,
                &err);
    assert_int_equal(findings->count, 1);
    assert_string_equal(findings->at[0].key, "room.disk");
    assert_string_equal(findings->at[0].name, "1152921 TB");
    sph_err_clear(&err);
    assert_ok(sph_room_on_disk(pair->a.node, 1, NULL, &err), &err);
    sph_mem_free(findings);
    pair_free(&pair);
}

static void large_transfers_are_listed_while_they_run(void **state)
{
    (void)state;
    sph_transfers *transfers = NULL;
    struct sph_transfer_view views[SPH_TRANSFERS];
    sph_transfer *at[SPH_TRANSFERS + 1];
    sph_err err = {0};
    assert_ok(sph_transfers_new(&transfers, &err), &err);
    for (size_t i = 0; i <= SPH_TRANSFERS; i++) {
        const struct sph_transfer_name name = {SPH_TRANSFER_SEND, "th.ngo.example", "m", 100,
                                               (int64_t)i};
        at[i] = sph_transfer_begin(transfers, &name);
    }
    assert_null(at[SPH_TRANSFERS]);
    sph_transfer_add(at[SPH_TRANSFERS], 7); /* not shown, and no harm */
    sph_transfer_set(at[0], 40);
    sph_transfer_add(at[0], 2);
    assert_int_equal(sph_transfers_list(transfers, views), SPH_TRANSFERS);
    assert_int_equal(views[0].done, 42);
    assert_int_equal(views[1].started_ms, 1);
    for (size_t i = 0; i <= SPH_TRANSFERS; i++)
        sph_transfer_end(&at[i]);
    assert_int_equal(sph_transfers_list(transfers, views), 0);
    assert_false(sph_transfers_find(transfers, SPH_TRANSFER_SEND, "m", views));
    sph_transfers_free(&transfers);
}

int test_large(void);
int test_large(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_beyond_the_partners_card_is_refused_before_sealing),
        cmocka_unit_test(large_sealed_for_nothing_leaves_the_vault_at_once),
        cmocka_unit_test(large_sizes_are_told_as_people_read_them),
        cmocka_unit_test(large_disk_without_room_is_said_with_both_numbers),
        cmocka_unit_test(large_transfers_are_listed_while_they_run),
    };
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    return cmocka_run_group_tests_name("large", tests, NULL, NULL);
}
