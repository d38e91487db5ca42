#include "exchange/screening.h"

#include <string.h>

#include "as4/gzip.h"
#include "packet/attachment.h"
#include "support/pair.h"

int test_screening(void);

/* All names, numbers and addresses are invented. */

static const char pdf[] =
    "%PDF-1.4\n1 0 obj<</Author (Somphone Sommut)/Title (An invented form)>>endobj\n%%EOF\n";

struct wish {
    const char *media_type, *title;
    sph_slice octets;
};

static sph_rc submit_as(struct pair *pair, const struct wish *wish, bool is_dry_run,
                        sph_findings *findings, char packet_id[64])
{
    sph_err err = {0};
    sph_json *draft = NULL;
    struct sph_submitted *done = sph_mem_new(1, sizeof(*done));
    const sph_files *files = test_env_get(pair->a.world)->files;
    SPH_AUTO(sph_open_file) file = {files, NULL};
    assert_ok(sph_file_store(files, "upload.bin", wish->octets, true, &err), &err);
    assert_ok(files->open(files->ctx, "upload.bin", SPH_OPEN_READ, &file.file, &err), &err);
    assert_ok(sph_json_parse(sph_slice_str(pair_question), 65536, &draft, &err), &err);
    const struct sph_submit_attachment attachment = {.files = files,
                                                     .file = file.file,
                                                     .len = wish->octets.len,
                                                     .media_type = wish->media_type,
                                                     .title = wish->title};
    const struct sph_submit what = {.draft = draft,
                                    .to = &pair->b.party,
                                    .to_count = 1,
                                    .attachments = &attachment,
                                    .attachment_count = 1,
                                    .user = "operator",
                                    .is_dry_run = is_dry_run};
    const sph_rc rc = sph_submit(pair->a.node, &what, done, findings, &err);
    if (packet_id)
        assert_ok(sph_str_copy(packet_id, 64, sph_slice_str(done->at[0].packet_id), &err), &err);
    sph_json_free(&draft);
    sph_mem_free(done);
    return rc;
}

static sph_rc submit(struct pair *pair, const struct wish *wish, bool is_dry_run,
                     sph_findings *findings)
{
    return submit_as(pair, wish, is_dry_run, findings, NULL);
}

static bool has_key(const sph_findings *findings, const char *key, bool is_note)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->at[i].key, key) == 0 && findings->at[i].is_note == is_note)
            return true;
    return false;
}

static const char png[] = "\x89PNG\r\n\x1a\n"
                          "\0\0\0\x21tEXtComment\0write to noi@example.org!!....";
static const char jpeg[] = "\xff\xd8\xff\xe1\0\x26"
                           "Exif\0\0MM\0*\0\0\0\x08\0\1\x88\x25\0\4\0\0\0\1\0\0\0\0\0\0\0\0\0\0"
                           "\xff\xda\0\2";
static const char wide[] =
    "\xff\xfe"
    "1\0-\0002\0003\0004\0005\0-\0006\0007\0008\0009\0000\0-\0001\0002\0-\0001";
static const struct refused {
    const char *media_type, *title, *octets;
    size_t len;
    const char *key, *place;
} refused[] = {
    {"text/plain", "An invented note", "One\ncall 020 5555 0000 today", 28, "packet.leak-phone",
     "a1"},
    {"text/plain", "An invented note", wide, sizeof(wide), "packet.leak-thai-id", "a1"},
    {"application/xml", "An invented file", "<a>n&#111;i&#x40;example.org</a>", 33,
     "packet.leak-email", "a1"},
    {"application/pdf", "An invented form", pdf, sizeof(pdf) - 1, "packet.leak-person", "a1"},
    {"image/png", "An invented picture", png, sizeof(png) - 1, "packet.leak-email", "a1"},
    {"image/jpeg", "An invented picture", jpeg, sizeof(jpeg) - 1, "packet.leak-coordinates", "a1"},
    {"text/plain", "passport AA1234567", "nothing here", 12, "packet.leak-passport", "title"},
    /* What it is, not what it is called. */
    {"image/png", "An invented picture", "call 020 5555 0000 today", 24, "packet.leak-phone", "a1"},
    {"image/jpeg", "An invented picture", "call 020 5555 0000 today", 24, "packet.leak-phone",
     "a1"},
    {"application/pdf", "An invented form", "call 020 5555 0000 today", 24, "packet.leak-phone",
     "a1"},
};

static void expect_refused(struct pair *pair, const struct refused *row, bool is_dry_run)
{
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    const struct wish wish = {row->media_type, row->title, sph_slice_of(row->octets, row->len)};
    const sph_rc rc = submit(pair, &wish, is_dry_run, findings);
    if (rc.code != SPH_EREFUSED || !has_key(findings, row->key, false))
        print_message("%s: %s\n", row->media_type, row->key);
    assert_int_equal(rc.code, SPH_EREFUSED);
    assert_true(has_key(findings, row->key, false));
    assert_string_equal(findings->at[0].rule, "PK-10");
    assert_string_equal(findings->at[0].name, row->place);
    assert_null(strstr(findings->at[0].value, "555"));
    sph_mem_free(findings);
}

/* Refused before it leaves; no leaf is written. */
static void screening_attachment_with_personal_data_does_not_leave(void **state)
{
    struct pair *pair = pair_new();
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        expect_refused(pair, &refused[i], i % 2 == 0);
    assert_int_equal(pair_leaves(&pair->a, SPH_EVENT_SUBMITTED), 0);
    pair_free(&pair);
}

static void screening_says_what_it_cannot_read(void **state)
{
    struct pair *pair = pair_new();
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    const struct wish wish = {"application/pdf", "An invented form",
                              SPH_LIT("%PDF-1.4\n1 0 obj<</Title (A form)>>endobj\n")};
    (void)state;
    sph_err err = {0};
    assert_ok(submit(pair, &wish, false, findings), &err);
    assert_true(has_key(findings, "packet.leak-unread-pages", true));
    pair_deliver(&pair->a);
    assert_string_equal(pair_outbox(&pair->a).state, "acknowledged");
    sph_mem_free(findings);
    pair_free(&pair);
}

/* The office's own list holds names that no pattern knows; it is read anew each time. */
static void screening_names_of_the_list_do_not_leave(void **state)
{
    struct pair *pair = pair_new();
    sph_err err = {0};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    const sph_files *files = test_env_get(pair->a.world)->files;
    const struct wish wish = {"text/plain", "An invented note", SPH_LIT("Khamdao  Sommut came")};
    (void)state;
    assert_ok(submit(pair, &wish, true, findings), &err);
    assert_ok(sph_file_store(files, "leak-names.txt", SPH_LIT("# invented\nkhamdao sommut\n"), true,
                             &err),
              &err);
    *findings = (sph_findings){0};
    assert_int_equal(submit(pair, &wish, true, findings).code, SPH_EREFUSED);
    assert_true(has_key(findings, "packet.leak-listed", false));
    sph_mem_free(findings);
    pair_free(&pair);
}

/* A sender that does not screen: other octets under the key that the signed packet names. */
static uint64_t make_part(struct pair *pair, const sph_packet *packet, sph_slice plain,
                          sph_file *out)
{
    sph_err err = {0};
    const struct sph_env *env = test_env_get(pair->b.world);
    const struct sph_packet_attachment *named = sph_packet_attachment_at(packet, 0);
    SPH_AUTO(sph_buf) sealed = sph_buf_init(1 << 17);
    SPH_AUTO_PTR(sph_secret) *key = NULL;
    sph_slice_source source;
    sph_file_sink sink;
    sph_hash unused;
    uint64_t len = 0;
    assert_ok(sph_secret_from(sph_slice_of(named->key, sizeof(named->key)), &key, &err), &err);
    const sph_reader reader = sph_reader_of_slice(&source, plain);
    const sph_writer writer = sph_writer_of_buf(&sealed);
    assert_ok(sph_attachment_seal(key, sph_packet_header_of(packet)->packet_id, named->id,
                                  env->random, &reader, plain.len, &writer, &unused, &len, &err),
              &err);
    const sph_reader again = sph_reader_of_slice(&source, sph_buf_peek(&sealed));
    const sph_writer part = sph_writer_of_file(&sink, env->files, out);
    assert_ok(sph_gzip_store(&again, &part, &unused, &len, &err), &err);
    return len;
}

static void load_own(struct pair *pair, const char *packet_id, sph_packet **out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) octets = sph_buf_init(1 << 20);
    assert_ok(sph_content_load(pair->a.node, packet_id, &octets, &err), &err);
    assert_ok(sph_packet_reopen(sph_buf_peek(&octets), sph_limits_default(), out, &err), &err);
}

static void screening_is_made_again_by_the_receiver(void **state)
{
    static const struct {
        const char *octets; /* all of one length */
        enum sph_code code;
    } rows[] = {{"nothing in this text here", SPH_OK}, {"call me at 020 5555 0000.", SPH_EREFUSED}};
    struct pair *pair = pair_new();
    const sph_files *files = test_env_get(pair->b.world)->files;
    const struct wish wish = {"text/plain", "An invented note", sph_slice_str(rows[0].octets)};
    sph_findings *findings = sph_mem_new(1, sizeof(*findings));
    SPH_AUTO_PTR(sph_packet) *packet = NULL;
    char packet_id[64];
    sph_err err = {0};
    (void)state;
    assert_ok(submit_as(pair, &wish, false, findings, packet_id), &err);
    load_own(pair, packet_id, &packet);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        SPH_AUTO(sph_open_file) part = {files, NULL};
        assert_ok(files->open(files->ctx, "spool", SPH_OPEN_TEMPORARY, &part.file, &err), &err);
        const uint64_t len = make_part(pair, packet, sph_slice_str(rows[i].octets), part.file);
        assert_code(sph_screen_incoming(pair->b.node, packet, 0, part.file, len, findings, &err),
                    rows[i].code, &err);
    }
    assert_int_equal(findings->count, 1);
    assert_string_equal(findings->at[0].key, "packet.leak-phone");
    assert_string_equal(findings->at[0].name, "a1");
    assert_string_equal(findings->at[0].value, "…"); /* the list reaches logs and answers */
    sph_mem_free(findings);
    pair_free(&pair);
}

int test_screening(void)
{
    sph_err err = {0};
    sph_xml_start();
    if (sph_crypto_start(&err).code != SPH_OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screening_attachment_with_personal_data_does_not_leave),
        cmocka_unit_test(screening_says_what_it_cannot_read),
        cmocka_unit_test(screening_is_made_again_by_the_receiver),
        cmocka_unit_test(screening_names_of_the_list_do_not_leave),
    };
    return cmocka_run_group_tests_name("screening", tests, NULL, NULL);
}
