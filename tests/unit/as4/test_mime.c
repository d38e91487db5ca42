#include "kit.h"

#include <stdio.h>

int test_mime(void);

static const struct kit *kit(void)
{
    return kit_of(SPH_SUITE_EDELIVERY_2_0_ED25519);
}

static char *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *printed(const char *format, ...)
{
    static char text[16384];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return text;
}

/** `form` with the value for each '$' and its first ten characters for each '^'. */
static char *filled(const char *form, const char *value)
{
    static char text[1024];
    size_t len = 0;
    for (; *form != 0; form++) {
        if (*form == '$')
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", value);
        else if (*form == '^')
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%.10s", value);
        else
            text[len++] = *form;
    }
    text[len] = 0;
    return text;
}

/** The boundary of a kit message, without quotes. */
static void boundary_of(const struct kit_msg *msg, char out[71])
{
    const char *from = strstr(msg->content_type, "boundary=\"") + 10;
    const size_t len = (size_t)(strchr(from, '"') - from);
    memcpy(out, from, len);
    out[len] = 0;
}

static void cid_of(const struct kit_msg *msg, char out[128])
{
    char *text = kit_copy(msg, "href=\"cid:", "\">");
    const size_t len = strlen(text) - strlen("href=\"cid:") - 2;
    memcpy(out, text + strlen("href=\"cid:"), len);
    out[len] = 0;
    sph_str_free(&text);
}

/* ------------------------------------------------------------------ what is taken */

static void good_type(const char *type)
{
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    char boundary[71];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    (void)snprintf(msg.content_type, sizeof(msg.content_type), "%s", filled(type, boundary));
    if (!kit_judge(&msg, &fault))
        fail_msg("%s refused: %s", msg.content_type, fault.detail);
    kit_msg_clear(&msg);
}

/** as4.md 4, "accept": names in any case and order, quoted or not, start and start-info absent. */
static void mime_content_type_variants_are_taken(void **state)
{
    (void)state;
    good_type("multipart/related; boundary=\"$\"");
    good_type("Multipart/Related;TYPE=\"application/soap+xml\" ; Boundary=\"$\";");
    good_type("multipart/related; action=\"x\"; type=\"Application/SOAP+XML\"; boundary=\"$\"");
}

static void mime_unquoted_boundary_is_taken(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    char boundary[71];
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    /* "=_…" needs quotes, so the same message under a token boundary */
    kit_bytes(&msg, &text);
    for (size_t at = 0;
         (at = sph_slice_find(sph_buf_peek(&text), sph_slice_str(boundary), at)) != SIZE_MAX;)
        text.at[at] = 'B';
    (void)snprintf(msg.content_type, sizeof(msg.content_type), "multipart/related; boundary=B%s",
                   boundary + 1);
    if (!kit_judge_bytes(kit(), msg.content_type, sph_buf_peek(&text), &fault))
        fail_msg("refused: %s", fault.detail);
    kit_msg_clear(&msg);
}

struct change {
    const char *id, *old, *with; /* in the octets behind the SOAP part */
    enum sph_ebms code;
    const char *rule; /* NULL: accepted */
};

static void apply(const struct change *change, size_t parts)
{
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    kit_message(kit(), &(struct kit_wish){.parts = parts}, &msg);
    kit_replace_after(&msg, change->old, change->with);
    if (change->rule != NULL)
        kit_expect(change->id, &msg, change->code, change->rule);
    else if (!kit_judge(&msg, &fault))
        fail_msg("%s refused: %s", change->id, fault.detail);
    kit_msg_clear(&msg);
}

#define TYPE "Content-Type: application/octet-stream\r\n"
#define CTE "Content-Transfer-Encoding: binary\r\n"

static void mime_part_head_variants_are_taken(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {"upper case", TYPE, "CONTENT-TYPE: APPLICATION/OCTET-STREAM\r\n", 0, NULL},
        {"folded", TYPE, "Content-Type:\r\n application/octet-stream;\r\n\tname=x\r\n", 0, NULL},
        {"LF only", TYPE, "Content-Type: application/octet-stream\n", 0, NULL},
        {"8bit", CTE, "Content-Transfer-Encoding: 8bit\r\n", 0, NULL},
        {"no encoding", CTE, "", 0, NULL},
        {"disposition", TYPE, TYPE "Content-Disposition: attachment; filename=\"../../etc/x\"\r\n",
         0, NULL},
        {"gzip type", TYPE, "Content-Type: application/gzip\r\n", 0, NULL},
        {"padding behind the delimiter", "\r\n" TYPE, " \t\r\n" TYPE, 0, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        apply(&rows[i], 1);
}

static void mime_preamble_and_epilogue_within_limits_are_taken(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_good(sph_buf_add(&text, SPH_LIT("This is a multipart message.\r\n"), &err), &err);
    kit_bytes(&msg, &text);
    kit_good(sph_buf_add(&text, SPH_LIT("epilogue\r\n"), &err), &err);
    if (!kit_judge_bytes(kit(), msg.content_type, sph_buf_peek(&text), &fault))
        fail_msg("refused: %s", fault.detail);
    kit_msg_clear(&msg);
}

/** Base64 and quoted-printable parts carry the same octets (M-05: the digest runs over what was
 * decoded). */
static void reencode(struct kit_msg *msg, bool is_base64, const char *tail)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char boundary[71];
    sph_err err = {0};
    boundary_of(msg, boundary);
    const sph_slice all = sph_buf_peek(&msg->after);
    const size_t head = sph_slice_find(all, SPH_LIT("\r\n\r\n"), 0) + 4;
    const size_t end = sph_slice_find(all, sph_slice_str(printed("\r\n--%s--", boundary)), head);
    sph_buf made = sph_buf_init(1u << 20);
    kit_good(sph_buf_add(&made, sph_slice_sub(all, 0, head), &err), &err);
    for (size_t i = head; i < end && is_base64; i += 3) {
        const size_t n = end - i < 3 ? end - i : 3;
        const unsigned v = (unsigned)all.at[i] << 16 | (n > 1 ? (unsigned)all.at[i + 1] << 8 : 0) |
                           (n > 2 ? all.at[i + 2] : 0);
        kit_good(sph_buf_addf(&made, &err, "%c%c%c%c%s", digits[v >> 18], digits[v >> 12 & 63],
                              n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '=',
                              (i - head) % 57 == 54 ? "\r\n" : ""),
                 &err);
    }
    for (size_t i = head; i < end && !is_base64; i++)
        kit_good(
            sph_buf_addf(&made, &err, "=%02X%s", all.at[i], (i - head) % 20 == 19 ? "=\r\n" : ""),
            &err);
    kit_good(sph_buf_add(&made, sph_slice_str(tail), &err), &err);
    kit_good(sph_buf_add(&made, sph_slice_sub(all, end, all.len), &err), &err);
    sph_buf_clear(&msg->after);
    sph_buf_take(&made, &msg->after);
    kit_replace_after(msg, CTE,
                      is_base64 ? "Content-Transfer-Encoding: BASE64\r\n"
                                : "Content-Transfer-Encoding: quoted-printable\r\n");
}

static void mime_base64_and_quoted_printable_parts_are_decoded(void **state)
{
    (void)state;
    for (int is_base64 = 0; is_base64 < 2; is_base64++) {
        struct kit_msg msg;
        sph_as4_fault fault = {0};
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        reencode(&msg, is_base64 != 0, "");
        if (!kit_judge(&msg, &fault))
            fail_msg("base64 %d refused: %s", is_base64, fault.detail);
        kit_msg_clear(&msg);
    }
}

/* ------------------------------------------------------------------ security.md 2.3 */

static void bad_cid(const char *id, const char *format)
{
    struct kit_msg msg;
    char cid[128];
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
    cid_of(&msg, cid);
    /* the second part takes the first one's id, differently written */
    char *second = NULL;
    const sph_slice all = sph_buf_peek(&msg.after);
    const size_t at = sph_slice_find(all, SPH_LIT("Content-ID: <"),
                                     sph_slice_find(all, SPH_LIT("Content-ID: <"), 0) + 1);
    sph_err err = {0};
    kit_good(sph_str_dup(sph_slice_sub(all, at, 12 + 32 + 16), &second, &err), &err);
    second[strcspn(second, "\r")] = 0;
    char left[33];
    memcpy(left, cid, 32);
    left[32] = 0;
    kit_replace_after(&msg, second, filled(format, left));
    kit_expect(id, &msg, SPH_EBMS_0007, "mime.duplicate-cid");
    sph_str_free(&second);
    kit_msg_clear(&msg);
}

static void mime_m01_one_content_id_twice_is_refused(void **state)
{
    (void)state;
    bad_cid("M-01 equal", "Content-ID: <$@there.example>");
    bad_cid("M-01 percent", "Content-ID: <$%40there.example>");
    bad_cid("M-01 brackets", "Content-ID: $@there.example");
    bad_cid("M-01 case", "Content-ID: <$@THERE.EXAMPLE>");
}

static void bad_type(const char *id, const char *type, const char *rule)
{
    struct kit_msg msg;
    char boundary[71];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    char *text = filled(type, boundary);
    sph_as4_fault fault = {0};
    SPH_AUTO(sph_buf) whole = sph_buf_init(1u << 20);
    kit_bytes(&msg, &whole);
    char copy[512];
    (void)snprintf(copy, sizeof(copy), "%s", text);
    const bool is_good = kit_judge_bytes(kit(), copy, sph_buf_peek(&whole), &fault);
    if (is_good || fault.code != SPH_EBMS_0007 || strcmp(fault.rule, rule) != 0)
        fail_msg("%s: %s", id, is_good ? "accepted" : fault.detail);
    kit_msg_clear(&msg);
}

#define LONG70 "0123456789012345678901234567890123456789012345678901234567890123456789"

static void mime_m02_broken_boundary_is_refused(void **state)
{
    (void)state;
    bad_type("M-02 missing", "multipart/related; x=\"$\"", "mime.boundary");
    bad_type("M-02 empty", "multipart/related; x=\"$\"; boundary=\"\"", "mime.boundary");
    bad_type("M-02 71", "multipart/related; x=\"$\"; boundary=\"" LONG70 "1\"", "mime.boundary");
    bad_type("M-02 70", "multipart/related; x=\"$\"; boundary=\"" LONG70 "\"", "mime.preamble");
    bad_type("M-02 other", "multipart/related; boundary=\"x$\"", "mime.preamble");
    bad_type("M-02 regex", "multipart/related; x=\"$\"; boundary=\"[a-z]*\"", "mime.boundary");
    bad_type("M-02 prefix", "multipart/related; boundary=\"^\"", "mime.delimiter");
    bad_type("M-02 space", "multipart/related; boundary=\"$ \"", "mime.boundary");
}

static void mime_m02_broken_delimiter_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    char boundary[71], end[96], with[96];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    (void)snprintf(end, sizeof(end), "\r\n--%s--", boundary);
    kit_replace_after(&msg, end, "\r\n--");
    kit_expect("M-02 no final delimiter", &msg, SPH_EBMS_0007, "mime.delimiter");
    (void)snprintf(with, sizeof(with), "\r\n--%sx", boundary);
    kit_replace_after(&msg, "\r\n--", with); /* the first one left is the part's own */
    kit_expect("M-02 boundary with a tail", &msg, SPH_EBMS_0007, "mime.delimiter");
    kit_msg_clear(&msg);
}

static void mime_m03_nested_structure_is_refused(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {"M-03 multipart", TYPE, "Content-Type: multipart/mixed; boundary=x\r\n", SPH_EBMS_0007,
         "mime.nested"},
        {"M-03 message", TYPE, "Content-Type: Message/RFC822\r\n", SPH_EBMS_0007, "mime.nested"},
    };
    for (size_t i = 0; i < 2; i++)
        apply(&rows[i], 1);
}

static void mime_m04_ten_thousand_parts_are_refused_at_the_limit(void **state)
{
    (void)state;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(8u << 20);
    for (unsigned i = 0; i < 10000; i++)
        kit_good(sph_buf_addf(
                     &text, &err,
                     "\r\n--b\r\nContent-Type: application/soap+xml\r\nContent-ID: <%u@x>\r\n\r\nx",
                     i),
                 &err);
    assert_false(
        kit_judge_bytes(kit(), "multipart/related; boundary=b", sph_buf_peek(&text), &fault));
    assert_int_equal(fault.code, SPH_EBMS_0007);
    assert_string_equal(fault.rule, "mime.parts");
}

static void mime_m04_head_limits_hold_at_n_and_n_plus_1(void **state)
{
    (void)state;
    char fields[4096] = TYPE, line[1200], many[20000] = "";
    struct change row = {"M-04 fields", TYPE, fields, SPH_EBMS_0007, NULL};
    for (size_t n = 3; n < 16; n++)
        strcat(fields, "X: y\r\n");
    apply(&row, 1); /* 16 with the three of the part */
    strcat(fields, "X: y\r\n");
    row.rule = "mime.head-limit";
    apply(&row, 1);
    memset(line, 'x', sizeof(line));
    memcpy(line, "X: ", 3);
    memcpy(line + 1024, "\r\n" TYPE, sizeof("\r\n" TYPE));
    row = (struct change){"M-04 line", TYPE, line, SPH_EBMS_0007, NULL};
    apply(&row, 1);
    memcpy(line + 1025, "\r\n" TYPE, sizeof("\r\n" TYPE));
    row.rule = "mime.head-limit";
    apply(&row, 1);
    for (size_t n = 0; n < 9; n++) { /* few fields, short lines, over 8 KiB together */
        memset(line, 'x', 1000);
        memcpy(line, "X: ", 3);
        line[1000] = 0;
        strcat(many, line);
        strcat(many, "\r\n");
    }
    strcat(many, TYPE);
    row = (struct change){"M-04 head", TYPE, many, SPH_EBMS_0007, "mime.head-limit"};
    apply(&row, 1);
}

static void mime_m05_broken_transfer_encoding_is_refused(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {"M-05 unknown", CTE, "Content-Transfer-Encoding: x-uuencode\r\n", SPH_EBMS_0007,
         "mime.encoding"},
        {"M-05 twice", CTE, CTE CTE, SPH_EBMS_0007, "mime.repeated-field"},
        {"M-05 base64 of octets", CTE, "Content-Transfer-Encoding: base64\r\n", SPH_EBMS_0007,
         "mime.encoding"},
        {"M-05 qp of octets", CTE, "Content-Transfer-Encoding: quoted-printable\r\n", SPH_EBMS_0007,
         "mime.encoding"},
    };
    for (size_t i = 0; i < 4; i++)
        apply(&rows[i], 1);
    static const struct {
        bool is_base64;
        const char *tail;
    } tails[] = {{true, "A"},        {true, "AAAA"}, {true, "A==="}, {true, "!!!!"},
                 {true, "AAAA===="}, {false, "="},   {false, "=4"},  {false, "=XY"}};
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        struct kit_msg msg;
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        reencode(&msg, tails[i].is_base64, tails[i].tail);
        kit_expect("M-05 tail", &msg, SPH_EBMS_0007, "mime.encoding");
        kit_msg_clear(&msg);
    }
}

static void mime_m06_start_that_is_not_the_first_part_is_refused(void **state)
{
    (void)state;
    bad_type("M-06 absent id", "multipart/related; boundary=\"$\"; start=\"<x@y>\"", "mime.start");
    struct kit_msg msg;
    char boundary[71], cid[128];
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    cid_of(&msg, cid);
    (void)snprintf(msg.content_type, sizeof(msg.content_type),
                   "multipart/related; boundary=\"%s\"; start=\"<%s>\"", boundary, cid);
    kit_expect("M-06 start names an attachment", &msg, SPH_EBMS_0007, "mime.start");
    kit_msg_clear(&msg);
}

static void mime_m06_root_not_first_or_second_root_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    sph_as4_fault fault = {0};
    char boundary[71];
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    boundary_of(&msg, boundary);
    (void)snprintf(msg.content_type, sizeof(msg.content_type), "multipart/related; boundary=\"%s\"",
                   boundary);
    kit_good(sph_buf_addf(&text, &err,
                          "--%s\r\nContent-Type: application/pdf\r\nContent-ID: <p@x>\r\n\r\nx\r\n",
                          boundary),
             &err);
    kit_bytes(&msg, &text);
    assert_false(kit_judge_bytes(kit(), msg.content_type, sph_buf_peek(&text), &fault));
    assert_string_equal(fault.rule, "mime.root-type");
    sph_buf_clear(&text);
    /* a second SOAP part is a payload part that nobody announced */
    kit_bytes(&msg, &text);
    const size_t end =
        sph_slice_find(sph_buf_peek(&text), sph_slice_str(printed("\r\n--%s--", boundary)), 0);
    text.len = end;
    kit_good(
        sph_buf_addf(&text, &err,
                     "\r\n--%s\r\nContent-Type: application/soap+xml\r\nContent-ID: <r2@x>\r\n\r\n",
                     boundary),
        &err);
    kit_good(sph_buf_add(&text, sph_buf_peek(&msg.root), &err), &err);
    kit_good(sph_buf_addf(&text, &err, "\r\n--%s--\r\n", boundary), &err);
    assert_false(kit_judge_bytes(kit(), msg.content_type, sph_buf_peek(&text), &fault));
    assert_string_equal(fault.rule, "mime.unannounced");
    kit_msg_clear(&msg);
}

static void mime_m07_content_type_tricks_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "multipart/related; type=\"application/soap+xml\"; type=\"application/soap+xml\"; "
        "boundary=\"$\"",
        "multipart/related; boundary=\"$\"; boundary=\"other\"",
        "multipart/related; boundary=\"$\"; BOUNDARY=\"other\"",
        "multipart/related; boundary*0=\"$\"",
        "multipart/related; boundary*=utf-8''$",
        "multipart/related; boundary=\"$\" (a comment)",
        "multipart/related; (a comment) boundary=\"$\"",
        "multipart/related; boundary=\"\\$\"",
        "multipart/related; boundary=\"$",
        "multipart/related; boundary=\"$\"; start",
        "multipart/related; boundary=\"$\"; start=",
        "multipart/related; boundary=\"$\"; =x",
        "multipart/related boundary=\"$\"",
        "multipart/related; boundary=\"$\"; a=\"\x01\"",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        bad_type(rows[i], rows[i], "mime.parameter");
    bad_type("M-07 media type", "multipart/mixed; boundary=\"$\"", "mime.content-type");
    bad_type("M-07 no slash", "multipart; boundary=\"$\"", "mime.content-type");
    bad_type("M-07 SOAP 1.1", "multipart/related; type=\"text/xml\"; boundary=\"$\"",
             "mime.root-type");
}

static void mime_m08_part_sets_that_differ_are_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_err err = {0};
    char boundary[71], *cut = NULL;
    kit_message(kit(), &(struct kit_wish){.parts = 2}, &msg);
    boundary_of(&msg, boundary);
    /* an extra MIME part */
    char *end = printed("\r\n--%s--", boundary);
    char extra[400];
    (void)snprintf(extra, sizeof(extra), "\r\n--%s\r\nContent-ID: <extra@x>\r\n\r\nx\r\n--%s--",
                   boundary, boundary);
    kit_replace_after(&msg, end, extra);
    kit_expect("M-08 part in no PartInfo", &msg, SPH_EBMS_0007, "mime.unannounced");
    kit_msg_clear(&msg);
    /* a PartInfo without its part */
    kit_message(kit(), &(struct kit_wish){.parts = 1}, &msg);
    kit_insert_before(&msg, "</eb:PayloadInfo>", "<eb:PartInfo href=\"cid:gone@x\"></eb:PartInfo>");
    kit_resign(&msg, kit()->there.sign_key);
    kit_expect("M-08 PartInfo without part", &msg, SPH_EBMS_0003, "header.part-missing");
    kit_msg_clear(&msg);
    /* a part that is not signed */
    kit_message(kit(), &(struct kit_wish){.parts = 1}, &msg);
    cut = kit_cut(&msg, "<ds:Reference URI=\"cid:", "</ds:Reference>");
    kit_resign(&msg, kit()->there.sign_key);
    kit_expect("M-08 part not signed", &msg, SPH_EBMS_0103, "dsig.part-unsigned");
    sph_str_free(&cut);
    kit_msg_clear(&msg);
    /* EncryptedData for a cid that is no part */
    kit_message(kit(), &(struct kit_wish){.parts = 1}, &msg);
    kit_replace(&msg, "<xenc:CipherReference URI=\"cid:", "<xenc:CipherReference URI=\"cid:x");
    kit_expect("M-08 foreign cid encrypted", &msg, SPH_EBMS_0103, "xenc.foreign-cid");
    kit_msg_clear(&msg);
    (void)err;
}

/** Names are never used: a hostile one is either ignored or refused, and no file appears. */
static void mime_m09_hostile_filename_has_no_effect(void **state)
{
    (void)state;
    static const struct change rows[] = {
        {"M-09 path", TYPE, TYPE "Content-Disposition: attachment; filename=\"../../etc/x\"\r\n", 0,
         NULL},
        {"M-09 RTL", TYPE,
         TYPE "Content-Disposition: attachment; filename=\"\xE2\x80\xAE"
              "fdp.exe\"\r\n",
         0, NULL},
        {"M-09 control", TYPE,
         TYPE "Content-Disposition: attachment; filename=\"a\x01"
              "b\"\r\n",
         SPH_EBMS_0007, "mime.head"},
    };
    for (size_t i = 0; i < 3; i++)
        apply(&rows[i], 1);
    char line[4200] = TYPE "Content-Disposition: attachment; filename=\"";
    const size_t len = strlen(line);
    memset(line + len, 'x', 4096);
    strcpy(line + len + 4096, "\"\r\n");
    const struct change row = {"M-09 4 KB", TYPE, line, SPH_EBMS_0007, "mime.head-limit"};
    apply(&row, 1);
}

static void mime_m10_href_that_is_no_cid_is_refused(void **state)
{
    (void)state;
    static const char *const hrefs[] = {"http://evil.example/x",
                                        "file:///etc/passwd",
                                        "CID:a@b",
                                        "",
                                        "cid:",
                                        "cid:a b",
                                        "cid:a@b#frag",
                                        "cid:a%0a@b",
                                        "cid:a%4",
                                        "#body",
                                        "cid:%3Ca@b%3E"};
    for (size_t i = 0; i < sizeof(hrefs) / sizeof(hrefs[0]); i++) {
        struct kit_msg msg;
        char *old = NULL;
        kit_message(kit(), &(struct kit_wish){0}, &msg);
        old = kit_cut(&msg, " href=\"", "\">");
        kit_insert_after(&msg, "<eb:PartInfo", ">");
        kit_insert_after(&msg, "<eb:PartInfo", printed(" href=\"%s\"", hrefs[i]));
        kit_resign(&msg, kit()->there.sign_key);
        sph_str_free(&old);
        kit_expect(hrefs[i], &msg, SPH_EBMS_0011, "header.href");
        kit_msg_clear(&msg);
    }
}

/** Every octet of the MIME frame taken away once: never accepted with less, never a crash. */
static void mime_every_truncation_is_refused(void **state)
{
    (void)state;
    struct kit_msg msg;
    sph_as4_fault fault = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(1u << 20);
    kit_message(kit(), &(struct kit_wish){0}, &msg);
    kit_bytes(&msg, &text);
    for (size_t n = 0; n + 4 < text.len; n += n < 400 || n + 200 > text.len ? 1 : 61)
        assert_false(kit_judge_bytes(kit(), msg.content_type,
                                     sph_slice_sub(sph_buf_peek(&text), 0, n), &fault));
    kit_msg_clear(&msg);
}

int test_mime(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mime_content_type_variants_are_taken),
        cmocka_unit_test(mime_unquoted_boundary_is_taken),
        cmocka_unit_test(mime_part_head_variants_are_taken),
        cmocka_unit_test(mime_preamble_and_epilogue_within_limits_are_taken),
        cmocka_unit_test(mime_base64_and_quoted_printable_parts_are_decoded),
        cmocka_unit_test(mime_m01_one_content_id_twice_is_refused),
        cmocka_unit_test(mime_m02_broken_boundary_is_refused),
        cmocka_unit_test(mime_m02_broken_delimiter_is_refused),
        cmocka_unit_test(mime_m03_nested_structure_is_refused),
        cmocka_unit_test(mime_m04_ten_thousand_parts_are_refused_at_the_limit),
        cmocka_unit_test(mime_m04_head_limits_hold_at_n_and_n_plus_1),
        cmocka_unit_test(mime_m05_broken_transfer_encoding_is_refused),
        cmocka_unit_test(mime_m06_start_that_is_not_the_first_part_is_refused),
        cmocka_unit_test(mime_m06_root_not_first_or_second_root_is_refused),
        cmocka_unit_test(mime_m07_content_type_tricks_are_refused),
        cmocka_unit_test(mime_m08_part_sets_that_differ_are_refused),
        cmocka_unit_test(mime_m09_hostile_filename_has_no_effect),
        cmocka_unit_test(mime_m10_href_that_is_no_cid_is_refused),
        cmocka_unit_test(mime_every_truncation_is_refused),
    };
    return cmocka_run_group_tests_name("mime", tests, kit_start, kit_stop);
}
