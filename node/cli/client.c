#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/inprocess.h"
#include "net/control_client.h"

#define ANSWER_MOST ((size_t)64 * 1024 * 1024)
#define TIMEOUT_MS 600000

void sph_reply_clear(sph_reply *reply)
{
    if (!reply)
        return;
    sph_buf_clear(&reply->body);
    sph_json_free(&reply->json);
}

sph_rc sph_cli_encode(const char *text, sph_buf *out, sph_err *err)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (const char *at = text; *at; at++) {
        if (strchr(plain, *at))
            SPH_TRY(sph_buf_add_byte(out, (uint8_t)*at, err), err, "target");
        else
            SPH_TRY(sph_buf_addf(out, err, "%%%02X", (unsigned)(uint8_t)*at), err, "target");
    }
    return sph_ok();
}

static sph_rc socket_path(const sph_cli *cli, char out[600], sph_err *err)
{
    return sph_str_format(out, 600, err, "%s/run/control.sock", cli->home);
}

bool sph_cli_is_running(const sph_cli *cli)
{
    char path[600];
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(65536)};
    if (socket_path(cli, path, NULL).code != SPH_OK)
        return false;
    const sph_control_request request = {.socket_path = path,
                                         .method = "GET",
                                         .target = "/api/1/node/version",
                                         .timeout_ms = 5000,
                                         .answer_max = 65536};
    return sph_control_call(&request, &answer, NULL).code == SPH_OK;
}

/** Bodies of an ask: JSON text, or an open file. */
struct outgoing {
    sph_files *root;
    sph_file *file;
    sph_file_source source;
    sph_reader from, reader;
    const sph_ask *ask;
    uint64_t done;
    sph_buf text;
    uint64_t len;
    const char *content_type;
};

static void outgoing_clear(struct outgoing *outgoing)
{
    if (outgoing->file)
        outgoing->root->close(&outgoing->file);
    sph_files_real_free(&outgoing->root);
    sph_buf_clear(&outgoing->text);
}

static sph_rc absolute(const char *path, char out[1024], sph_err *err)
{
    char folder[512];
    if (path[0] == '/')
        return sph_str_format(out, 1024, err, "%s", path);
    if (!getcwd(folder, sizeof(folder)))
        return sph_fail(err, SPH_EIO, "the working folder has no name");
    return sph_str_format(out, 1024, err, "%s/%s", folder, path);
}

static sph_rc read_outgoing(void *ctx, uint8_t *at, size_t room, size_t *got, sph_err *err)
{
    struct outgoing *out = ctx;
    SPH_TRY(out->from.read(out->from.ctx, at, room, got, err), err, "file");
    out->done += *got;
    if (out->ask->progress)
        out->ask->progress(out->ask->progress_ctx, out->done, out->len);
    return sph_ok();
}

static sph_rc open_outgoing(const sph_ask *ask, struct outgoing *out, sph_err *err)
{
    char path[1024];
    out->text = sph_buf_init(ANSWER_MOST);
    out->ask = ask;
    out->content_type = ask->content_type;
    SPH_TRY(sph_files_real_new("/", &out->root, err), err, "files");
    if (ask->body) {
        out->content_type = "application/json";
        SPH_TRY(sph_json_print(ask->body, false, &out->text, err), err, "request");
        out->len = out->text.len;
    }
    if (!ask->file)
        return sph_ok();
    SPH_TRY(absolute(ask->file, path, err), err, "path");
    SPH_TRY(out->root->open(out->root->ctx, path, SPH_OPEN_READ, &out->file, err), err, "%s",
            "opening the file");
    SPH_TRY(out->root->size(out->file, &out->len, err), err, "size");
    out->from = sph_reader_of_file(&out->source, out->root, out->file, 0, out->len);
    out->reader = (sph_reader){out, read_outgoing};
    return sph_ok();
}

/** Where a streamed answer goes: a new file that appears whole or not at all. */
struct incoming {
    sph_files *root;
    sph_file *file;
    sph_file_sink sink;
    sph_writer writer;
    char path[1024];
};

static void incoming_clear(struct incoming *incoming)
{
    if (incoming->file)
        incoming->root->close(&incoming->file);
    sph_files_real_free(&incoming->root);
}

static sph_rc open_incoming(const sph_ask *ask, struct incoming *in, sph_err *err)
{
    char folder[1024];
    if (!ask->save_to)
        return sph_ok();
    SPH_TRY(sph_files_real_new("/", &in->root, err), err, "files");
    SPH_TRY(absolute(ask->save_to, in->path, err), err, "path");
    SPH_TRY(sph_str_copy(folder, sizeof(folder), sph_slice_str(in->path), err), err, "path");
    *strrchr(folder, '/') = '\0';
    SPH_TRY(
        in->root->open(in->root->ctx, folder[0] ? folder : "/", SPH_OPEN_TEMPORARY, &in->file, err),
        err, "writing beside %s", "the named file");
    in->writer = sph_writer_of_file(&in->sink, in->root, in->file);
    return sph_ok();
}

static sph_rc finish_incoming(struct incoming *in, unsigned status, sph_err *err)
{
    if (!in->file || status < 200 || status > 299)
        return sph_ok();
    SPH_TRY(in->root->sync(in->file, err), err, "saving");
    return in->root->name(in->file, in->path, err);
}

static sph_rc exchange(sph_cli *cli, const sph_ask *ask, struct outgoing *out, struct incoming *in,
                       sph_answer *answer, sph_err *err)
{
    char path[600];
    SPH_TRY(socket_path(cli, path, err), err, "socket");
    const sph_control_request request = {.socket_path = path,
                                         .method = ask->method,
                                         .target = ask->target,
                                         .content_type = out->content_type,
                                         .language = sph_lang_code(cli->lang),
                                         .bytes = sph_buf_peek(&out->text),
                                         .reader = out->file ? &out->reader : NULL,
                                         .len = out->len,
                                         .timeout_ms = TIMEOUT_MS,
                                         .sink = in->file ? &in->writer : NULL,
                                         .answer_max = in->file ? UINT64_MAX : ANSWER_MOST};
    const sph_rc rc = sph_control_call(&request, answer, err);
    if (rc.code != SPH_ENOTFOUND)
        return rc;
    const struct sph_inprocess_body body = {
        out->root, out->file,         sph_buf_peek(&out->text),
        out->len,  out->content_type, in->file ? &in->writer : NULL};
    sph_err_clear(err);
    return sph_inprocess_call(cli, ask->method, ask->target, &body, answer, err);
}

static sph_rc call(sph_cli *cli, const sph_ask *ask, sph_answer *answer, sph_err *err)
{
    struct outgoing out = {.root = NULL};
    struct incoming in = {.root = NULL};
    sph_rc rc = open_outgoing(ask, &out, err);
    if (rc.code == SPH_OK)
        rc = open_incoming(ask, &in, err);
    if (rc.code == SPH_OK)
        rc = exchange(cli, ask, &out, &in, answer, err);
    if (rc.code == SPH_OK)
        rc = finish_incoming(&in, answer->status, err);
    outgoing_clear(&out);
    incoming_clear(&in);
    return rc;
}

static bool is_json(const char *content_type)
{
    return strstr(content_type, "json") != NULL;
}

/** Said in words of its own, because it is the first thing that a beginner meets. */
static bool has_home(const sph_cli *cli)
{
    char path[600];
    return sph_str_format(path, sizeof(path), NULL, "%s/saphan.ini", cli->home).code == SPH_OK &&
           access(path, F_OK) == 0;
}

static enum sph_exit ask_node(sph_cli *cli, const sph_ask *ask, sph_reply *reply, sph_err *err)
{
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(ANSWER_MOST)};
    const enum sph_exit owner = sph_cli_become_owner(cli);
    if (owner != SPH_EXIT_DONE)
        return owner;
    if (!has_home(cli)) {
        sph_cli_warn(cli, "cli.no-home", SPH_ARGS({"home", cli->home}));
        return SPH_EXIT_FAILED;
    }
    const sph_rc rc = call(cli, ask, &answer, err);
    if (rc.code != SPH_OK)
        return sph_cli_failed(cli, err);
    *reply = (sph_reply){.status = answer.status};
    sph_buf_take(&answer.body, &reply->body);
    if (is_json(answer.content_type) &&
        sph_json_parse(sph_buf_peek(&reply->body), ANSWER_MOST, &reply->json, err).code != SPH_OK)
        return sph_cli_failed(cli, err);
    return SPH_EXIT_DONE;
}

enum sph_exit sph_cli_ask_quietly(sph_cli *cli, const sph_ask *ask, sph_reply *reply)
{
    sph_err err = {0};
    return ask_node(cli, ask, reply, &err);
}

enum sph_exit sph_cli_ask(sph_cli *cli, const sph_ask *ask, sph_reply *reply)
{
    const enum sph_exit code = sph_cli_ask_quietly(cli, ask, reply);
    if (code != SPH_EXIT_DONE)
        return code;
    if (reply->status < 400)
        return SPH_EXIT_DONE;
    const enum sph_exit problem = sph_cli_problem(cli, reply);
    sph_reply_clear(reply);
    return problem;
}

static void print_findings(const sph_json *list, bool notes_too)
{
    for (size_t i = 0; i < sph_json_count(list); i++) {
        const sph_json *row = sph_json_at(list, i);
        SPH_AUTO(sph_buf) safe = sph_buf_init(16384);
        const char *text = sph_json_get_text(row, "text");
        if ((!notes_too && sph_json_get_bool(row, "note", false)) || !text)
            continue;
        if (sph_cli_safe(text, &safe, NULL).code == SPH_OK)
            fprintf(stderr, "      %s\n", sph_buf_text(&safe));
    }
}

/** What the node quotes may have come from a partner: no control character reaches the terminal. */
static void say_safely(const char *mark, const char *before, const char *text, const char *after)
{
    SPH_AUTO(sph_buf) safe = sph_buf_init(16384);
    if (sph_cli_safe(text, &safe, NULL).code == SPH_OK)
        fprintf(stderr, "%s%s%s%s\n", mark, before, sph_buf_text(&safe), after);
}

enum sph_exit sph_cli_problem(const sph_cli *cli, const sph_reply *reply)
{
    static const struct {
        const char *code;
        enum sph_exit exit;
    } table[] = {{"proof", SPH_EXIT_PROOF},   {"refused", SPH_EXIT_REFUSED},
                 {"again", SPH_EXIT_LATER},   {"argument", SPH_EXIT_USAGE},
                 {"limit", SPH_EXIT_REFUSED}, {"parse", SPH_EXIT_REFUSED}};
    const char *code = sph_json_get_text(reply->json, "code");
    const char *title = sph_json_get_text(reply->json, "title");
    const char *todo = sph_json_get_text(reply->json, "do");
    const char *detail = sph_json_get_text(reply->json, "detail");
    if (cli->is_json)
        printf("%s\n", sph_buf_text(&reply->body));
    say_safely(sph_cli_mark(cli, SPH_MARK_BAD), "  ",
               title ? title : sph_text(cli->lang, "problem.unknown"), "");
    print_findings(sph_json_get(reply->json, "findings"), false);
    if (cli->is_verbose && detail)
        say_safely("", "    (", detail, ")");
    if (todo)
        say_safely("", "    ", todo, "");
    for (size_t i = 0; code && i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].code, code) == 0)
            return table[i].exit;
    return SPH_EXIT_FAILED;
}

enum sph_exit sph_cli_print_json(const sph_cli *cli, const sph_reply *reply)
{
    (void)cli;
    printf("%s\n", sph_buf_text(&reply->body));
    return SPH_EXIT_DONE;
}
