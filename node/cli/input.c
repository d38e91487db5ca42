#include "cli/input.h"

#include <stdio.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/env.h"
#include "base/unicode.h"

#define BE_OFFSET 543u
#define BE_FIRST 2400u
#define BE_LAST 2700u
#define JSON_MOST ((size_t)8 * 1024 * 1024)

static sph_rc load_path(const char *path, sph_buf *out, sph_err *err)
{
    sph_files *files = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    const sph_rc rc = sph_file_load(files, path, out, err);
    sph_files_real_free(&files);
    return rc;
}

static sph_rc load_stdin(sph_buf *out, sph_err *err)
{
    uint8_t chunk[4096];
    for (size_t got = 0; (got = fread(chunk, 1, sizeof(chunk), stdin)) > 0;)
        SPH_TRY(sph_buf_add(out, sph_slice_of(chunk, got), err), err, "standard input");
    return ferror(stdin) ? sph_fail(err, SPH_EIO, "standard input") : sph_ok();
}

enum sph_exit sph_input_load(const sph_cli *cli, const char *path, sph_buf *out)
{
    sph_err err = {0};
    const bool is_stdin = !path || sph_slice_is(sph_slice_str(path), "-");
    if (is_stdin && isatty(STDIN_FILENO))
        sph_cli_warn(cli, "cli.type-text", NULL, 0);
    const sph_rc rc = is_stdin ? load_stdin(out, &err) : load_path(path, out, &err);
    if (rc.code == SPH_OK)
        return SPH_EXIT_DONE;
    if (rc.code == SPH_ELIMIT)
        return sph_cli_usage(cli, "cli.file-large", SPH_ARGS({"file", is_stdin ? "-" : path}));
    return sph_cli_usage(cli, "cli.file-unreadable", SPH_ARGS({"file", is_stdin ? "-" : path}));
}

static sph_slice without_ends(sph_slice text)
{
    if (sph_slice_starts(text, SPH_LIT("\xEF\xBB\xBF")))
        text = sph_slice_sub(text, 3, SIZE_MAX);
    while (text.len > 0 && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r' ||
                            text.at[text.len - 1] == ' '))
        text.len--;
    return text;
}

/** NFC with LF line ends: what PK-09 asks of every text. */
static sph_rc tidy(sph_slice text, sph_buf *out, sph_err *err)
{
    SPH_AUTO(sph_buf) lines = sph_buf_init(SPH_INPUT_TEXT);
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\r')
            SPH_TRY(sph_buf_add_byte(&lines, text.at[i], err), err, "text");
    return sph_unicode_nfc(sph_buf_peek(&lines), out, err);
}

enum sph_exit sph_input_text(const sph_cli *cli, const char *path, sph_buf *out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) raw = sph_buf_init(SPH_INPUT_TEXT);
    SPH_AUTO(sph_buf) text = sph_buf_init(SPH_INPUT_TEXT);
    const enum sph_exit code = sph_input_load(cli, path, &raw);
    if (code != SPH_EXIT_DONE)
        return code;
    const sph_slice inner = without_ends(sph_buf_peek(&raw));
    if (inner.len == 0)
        return sph_cli_usage(cli, "cli.no-text", NULL, 0);
    if (!sph_utf8_valid(inner) || tidy(inner, &text, &err).code != SPH_OK)
        return sph_cli_usage(cli, "cli.not-utf8", SPH_ARGS({"file", path ? path : "-"}));
    sph_buf_take(&text, out);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_input_json(const sph_cli *cli, const char *path, sph_json **out)
{
    sph_err err = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(JSON_MOST);
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const enum sph_exit code = sph_input_load(cli, path, &text);
    if (code != SPH_EXIT_DONE)
        return code;
    if (sph_json_parse(sph_buf_peek(&text), JSON_MOST, &json, &err).code != SPH_OK ||
        sph_json_kind_of(json) != SPH_JSON_OBJECT)
        return sph_cli_usage(cli, "cli.not-json", SPH_ARGS({"file", path}));
    *out = sph_move(json);
    return SPH_EXIT_DONE;
}

/** The first octets of a file; *out is what was there. */
static sph_rc read_start(const char *path, uint8_t *at, size_t room, sph_slice *out, sph_err *err)
{
    size_t got = 0;
    sph_files *files = NULL;
    sph_file *file = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    sph_rc rc = files->open(files->ctx, path, SPH_OPEN_READ, &file, err);
    if (rc.code == SPH_OK)
        rc = files->read_at(file, 0, at, room, &got, err);
    if (file)
        files->close(&file);
    sph_files_real_free(&files);
    SPH_TRY(rc, err, "file");
    *out = sph_slice_of(at, got);
    return sph_ok();
}

/** UTF-8 without NUL, looked at in pieces: up to three octets of a piece may belong to the next
 * one. */
static sph_rc check_text(const sph_files *files, sph_file *file, sph_err *err)
{
    uint8_t piece[4096];
    size_t got = 0;
    uint64_t at = 0;
    for (;;) {
        SPH_TRY(files->read_at(file, at, piece, sizeof(piece), &got, err), err, "file");
        size_t good = got;
        while (got - good < 4 && good > 0 && !sph_utf8_valid(sph_slice_of(piece, good)))
            good--;
        if (got == 0)
            return sph_ok();
        if (good == 0 || got - good == 4 || memchr(piece, '\0', good))
            return sph_fail(err, SPH_EUNSUPPORTED, "not text");
        at += good;
    }
}

static const char *type_of_start(sph_slice start)
{
    static const struct {
        sph_slice magic;
        const char *type;
    } table[] = {{{(const uint8_t *)"%PDF-", 5}, "application/pdf"},
                 {{(const uint8_t *)"\x89PNG\r\n\x1a\n", 8}, "image/png"},
                 {{(const uint8_t *)"\xFF\xD8\xFF", 3}, "image/jpeg"},
                 {{(const uint8_t *)"<?xml", 5}, "application/xml"},
                 {{(const uint8_t *)"\xEF\xBB\xBF<?xml", 8}, "application/xml"}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (sph_slice_starts(start, table[i].magic))
            return table[i].type;
    return NULL;
}

static sph_rc check_text_file(const char *path, sph_err *err)
{
    sph_files *files = NULL;
    sph_file *file = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    sph_rc rc = files->open(files->ctx, path, SPH_OPEN_READ, &file, err);
    if (rc.code == SPH_OK)
        rc = check_text(files, file, err);
    if (file)
        files->close(&file);
    sph_files_real_free(&files);
    return rc;
}

static sph_rc find_type(const char *path, const char **out, sph_err *err)
{
    uint8_t start[16];
    sph_slice text = {NULL, 0};
    SPH_TRY(read_start(path, start, sizeof(start), &text, err), err, "media type");
    *out = type_of_start(text);
    if (*out)
        return sph_ok();
    SPH_TRY(check_text_file(path, err), err, "media type");
    *out = "text/plain";
    return sph_ok();
}

const char *sph_input_media_type(const sph_cli *cli, const char *path)
{
    sph_err err = {0};
    const char *type = NULL;
    const sph_rc rc = find_type(path, &type, &err);
    if (rc.code == SPH_EUNSUPPORTED)
        sph_cli_warn(cli, "cli.attach-type", SPH_ARGS({"file", path}));
    else if (rc.code != SPH_OK)
        sph_cli_warn(cli, "cli.file-unreadable", SPH_ARGS({"file", path}));
    return type;
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

enum sph_input_form sph_input_form_of(const char *path)
{
    uint8_t start[4096];
    sph_slice text = {NULL, 0};
    if (read_start(path, start, sizeof(start), &text, NULL).code != SPH_OK)
        return SPH_INPUT_UNREADABLE;
    if (sph_slice_starts(text, SPH_LIT("\xEF\xBB\xBF")))
        text = sph_slice_sub(text, 3, SIZE_MAX);
    while (text.len > 0 && is_space(text.at[0]))
        text = sph_slice_sub(text, 1, SIZE_MAX);
    if (text.len > 0 && (text.at[0] == '<' || text.at[0] == '{'))
        return text.at[0] == '<' ? SPH_INPUT_XML : SPH_INPUT_JSON;
    return SPH_INPUT_OTHER;
}

const char *sph_input_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/** The year of yyyy-mm-dd in CE; other text stays for the date parser to refuse. */
static sph_rc to_common_era(sph_slice text, char out[11], bool *is_buddhist, sph_err *err)
{
    uint64_t year = 0;
    *is_buddhist = false;
    SPH_TRY(sph_str_copy(out, 11, text, err), err, "date");
    if (sph_slice_u64(sph_slice_sub(text, 0, 4), 9999, &year, NULL).code != SPH_OK ||
        year < BE_FIRST || year > BE_LAST)
        return sph_ok();
    *is_buddhist = true;
    return sph_str_format(out, 11, err, "%04u%.6s", (unsigned)year - BE_OFFSET,
                          (const char *)text.at + 4);
}

static sph_rc read_day(const char *text, char out[11], int32_t *days, bool *is_buddhist,
                       sph_err *err)
{
    SPH_AUTO(sph_buf) ascii = sph_buf_init(64);
    SPH_TRY(sph_unicode_ascii_digits(sph_slice_str(text), &ascii, err), err, "date");
    if (ascii.len != 10)
        return sph_fail(err, SPH_EPARSE, "a date has ten characters");
    SPH_TRY(to_common_era(sph_buf_peek(&ascii), out, is_buddhist, err), err, "date");
    return sph_date_parse(sph_slice_str(out), days, err);
}

bool sph_input_day(const sph_cli *cli, const char *text, char out[11])
{
    int32_t days = 0;
    bool is_buddhist = false;
    char common[5], buddhist[5];
    uint64_t year = 0;
    SPH_AUTO(sph_buf) day = sph_buf_init(128);
    if (read_day(text, out, &days, &is_buddhist, NULL).code != SPH_OK ||
        sph_slice_u64(sph_slice_of(out, 4), 9999 - BE_OFFSET, &year, NULL).code != SPH_OK ||
        sph_str_format(common, sizeof(common), NULL, "%u", (unsigned)year).code != SPH_OK ||
        sph_str_format(buddhist, sizeof(buddhist), NULL, "%u", (unsigned)year + BE_OFFSET).code !=
            SPH_OK ||
        sph_lang_date(cli->lang, days, &day, NULL).code != SPH_OK)
        return false;
    if (!cli->is_quiet)
        sph_cli_warn(
            cli, is_buddhist ? "cli.day-from-buddhist" : "cli.day",
            SPH_ARGS({"day", sph_buf_text(&day)}, {"common", common}, {"buddhist", buddhist}));
    return true;
}

void sph_input_today(char out[11])
{
    const sph_clock *clock = sph_clock_real();
    if (sph_date_format((int32_t)(clock->now_ms(clock->ctx) / 86400000), out, NULL).code != SPH_OK)
        out[0] = '\0';
}

static sph_rc store_path(const char *path, sph_slice octets, sph_err *err)
{
    sph_files *files = NULL;
    SPH_TRY(sph_files_real_new("/", &files, err), err, "files");
    const sph_rc rc = sph_file_store(files, path, octets, false, err);
    sph_files_real_free(&files);
    return rc;
}

enum sph_exit sph_input_store(const sph_cli *cli, const char *path, sph_slice octets)
{
    sph_err err = {0};
    const sph_rc rc = store_path(path, octets, &err);
    if (rc.code == SPH_OK)
        return SPH_EXIT_DONE;
    sph_cli_warn(cli, rc.code == SPH_EEXISTS ? "cli.file-exists" : "cli.file-unwritable",
                 SPH_ARGS({"file", path}));
    return SPH_EXIT_FAILED;
}

/** Whether files can be made in the folder of a path. */
static bool is_folder_ours(const char *path)
{
    char folder[1024];
    const char *slash = strrchr(path, '/');
    const sph_slice name = slash == path ? SPH_LIT("/")
                           : slash       ? sph_slice_of(path, (size_t)(slash - path))
                                         : SPH_LIT(".");
    return sph_str_copy(folder, sizeof(folder), name, NULL).code == SPH_OK &&
           access(folder, W_OK | X_OK) == 0;
}

enum sph_exit sph_input_new(const sph_cli *cli, const char *path)
{
    const enum sph_exit owner = path ? sph_cli_become_owner(cli) : SPH_EXIT_DONE;
    if (!path || owner != SPH_EXIT_DONE)
        return owner; /* root writes as the owner, so that is who must be able to */
    const bool is_there = access(path, F_OK) == 0;
    if (!is_there && is_folder_ours(path))
        return SPH_EXIT_DONE;
    sph_cli_warn(cli, is_there ? "cli.file-exists" : "cli.file-unwritable",
                 SPH_ARGS({"file", path}));
    return SPH_EXIT_FAILED;
}
