#include "cli/order.h"

#include <stdio.h>

#include "base/env.h"
#include "cli/input.h"
#include "cli/progress.h"
#include "cli/view.h"
#include "packet/packet.h"
#include "packet/vocabulary.h"

static void fail(sph_order *order, enum sph_exit code)
{
    if (order->code == SPH_EXIT_DONE)
        order->code = code;
}

static void keep(sph_order *order, sph_rc rc)
{
    if (rc.code != SPH_OK)
        fail(order, SPH_EXIT_FAILED);
}

/** A member object of `of`, made when absent. */
static sph_json *member(sph_order *order, sph_json *of, const char *key)
{
    if (!sph_json_get(of, key))
        keep(order, sph_json_set(of, key, sph_json_object(), NULL));
    return sph_json_get(of, key);
}

void sph_order_init_json(sph_cli *cli, sph_json **draft, sph_order *out)
{
    const char *lang = sph_cli_option(cli, "--text-lang", 0);
    *out = (sph_order){.cli = cli, .whole = sph_json_object()};
    out->text_lang = lang ? sph_lang_of(lang) : cli->lang;
    if (lang && !sph_slice_is(sph_slice_str(lang), sph_lang_code(out->text_lang)))
        fail(out, sph_cli_usage(cli, "cli.draft.text-lang", SPH_ARGS({"lang", lang})));
    keep(out, sph_json_set(out->whole, "draft", sph_move(*draft), NULL));
    out->draft = sph_json_get(out->whole, "draft");
    out->header = member(out, out->draft, "header");
    out->body = member(out, out->draft, "body");
}

void sph_order_init(sph_cli *cli, const char *type, sph_order *out)
{
    const char *file = sph_cli_option(cli, "--draft", 0);
    sph_json *draft = NULL;
    const enum sph_exit code = file ? sph_input_json(cli, file, &draft) : SPH_EXIT_DONE;
    if (!draft)
        draft = sph_json_object();
    sph_order_init_json(cli, &draft, out);
    fail(out, code);
    if (!sph_json_get(out->draft, "type"))
        keep(out, sph_json_set(out->draft, "type", sph_json_text(type), NULL));
}

void sph_order_clear(sph_order *order)
{
    sph_json_free(&order->whole);
}

static void print_codes(const char *list)
{
    size_t at = 0, column = 0;
    fputs("   ", stderr);
    for (sph_slice code = sph_vocabulary_next(list, &at); code.len > 0;
         code = sph_vocabulary_next(list, &at)) {
        if (column + code.len > 90) {
            fputs("\n   ", stderr);
            column = 0;
        }
        fprintf(stderr, " %.*s", (int)code.len, (const char *)code.at);
        column += code.len + 1;
    }
    fputc('\n', stderr);
}

bool sph_order_is_code(sph_cli *cli, const char *option, const char *list, const char *code)
{
    if (sph_vocabulary_has(list, sph_slice_str(code)))
        return true;
    sph_cli_warn(cli, "cli.draft.unknown-code", SPH_ARGS({"option", option}, {"code", code}));
    print_codes(list);
    sph_cli_warn(cli, "cli.see-help", SPH_ARGS({"word", cli->word->name}));
    return false;
}

void sph_order_set(sph_order *order, const char *field, sph_json *value)
{
    keep(order, sph_json_set(order->body, field, value, NULL));
}

void sph_order_option(sph_order *order, const char *field, const char *option, const char *list)
{
    const char *value = sph_cli_option(order->cli, option, 0);
    if (!value || order->code != SPH_EXIT_DONE)
        return;
    if (list && !sph_order_is_code(order->cli, option, list, value)) {
        fail(order, SPH_EXIT_USAGE);
        return;
    }
    sph_order_set(order, field, sph_json_text(value));
}

/** Called with each part of each comma list of an option. */
struct each_part {
    sph_order *order;
    const char *option, *list;
    sph_json *array;
    void (*take)(struct each_part *each, const char *part);
};

static void take_parts(struct each_part *each, const char *value)
{
    sph_slice rest = sph_slice_str(value);
    while (rest.len > 0 && each->order->code == SPH_EXIT_DONE) {
        char part[256];
        const size_t comma = sph_slice_find(rest, SPH_LIT(","), 0);
        if (sph_str_copy(part, sizeof(part), sph_slice_sub(rest, 0, comma), NULL).code != SPH_OK)
            fail(each->order, SPH_EXIT_USAGE);
        else if (part[0])
            each->take(each, part);
        rest = comma == SIZE_MAX ? (sph_slice){NULL, 0} : sph_slice_sub(rest, comma + 1, SIZE_MAX);
    }
}

static void take_all(struct each_part *each)
{
    const char *value = NULL;
    for (size_t i = 0; (value = sph_cli_option(each->order->cli, each->option, i)); i++)
        take_parts(each, value);
}

static void take_code(struct each_part *each, const char *part)
{
    if (each->list && !sph_order_is_code(each->order->cli, each->option, each->list, part))
        fail(each->order, SPH_EXIT_USAGE);
    else
        keep(each->order, sph_json_add(each->array, sph_json_text(part), NULL));
}

void sph_order_default(sph_order *order, const char *field, const char *value)
{
    if (!sph_json_get(order->body, field))
        sph_order_set(order, field, sph_json_text(value));
}

void sph_order_default_list(sph_order *order, const char *field, const char *value)
{
    if (sph_json_get(order->body, field))
        return;
    sph_json *list = sph_json_array();
    keep(order, sph_json_add(list, sph_json_text(value), NULL));
    sph_order_set(order, field, list);
}

void sph_order_text(sph_order *order, const char *field, const char *text)
{
    const char *const member[][2] = {{sph_lang_code(order->text_lang), text}};
    sph_order_set_object(order, field, member, 1);
}

void sph_order_set_object(sph_order *order, const char *field, const char *const (*members)[2],
                          size_t count)
{
    sph_json *object = sph_json_object();
    for (size_t i = 0; i < count; i++)
        keep(order, sph_json_set(object, members[i][0], sph_json_text(members[i][1]), NULL));
    sph_order_set(order, field, object);
}

void sph_order_need(sph_order *order, const char *field, const char *option)
{
    if (order->code != SPH_EXIT_DONE || sph_json_get(order->body, field))
        return;
    sph_order_miss(order, option);
}

void sph_order_miss(sph_order *order, const char *option)
{
    if (order->missing_count < SPH_ORDER_MISSING)
        order->missing[order->missing_count++] = option;
}

enum sph_exit sph_order_ready(sph_order *order)
{
    SPH_AUTO(sph_buf) list = sph_buf_init(512);
    for (size_t i = 0; i < order->missing_count; i++)
        keep(order, sph_buf_addf(&list, NULL, "%s%s", i > 0 ? ", " : "", order->missing[i]));
    if (order->code == SPH_EXIT_DONE && order->missing_count > 0)
        fail(order, sph_cli_usage(order->cli, "cli.draft.missing",
                                  SPH_ARGS({"options", sph_buf_text(&list)})));
    return order->code;
}

static sph_rc add_attachment(sph_order *order, const char *path, const char *type,
                             const char *upload, sph_json *list, sph_err *err)
{
    SPH_AUTO_PTR(sph_json) *row = sph_json_object();
    SPH_TRY(sph_json_set(row, "upload", sph_json_text(upload), err), err, "attachment");
    SPH_TRY(sph_json_set(row, "mediaType", sph_json_text(type), err), err, "attachment");
    SPH_TRY(sph_json_set(row, "title", sph_json_text(sph_input_base_name(path)), err), err,
            "attachment");
    SPH_TRY(sph_json_set(row, "lang", sph_json_text(sph_lang_code(order->text_lang)), err), err,
            "attachment");
    return sph_json_add(list, sph_move(row), err);
}

static void attach(sph_order *order, const char *path, sph_json *list)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    sph_bar bar = sph_bar_start(order->cli, "progress.upload");
    const sph_ask ask = {.method = "POST",
                         .target = "/api/1/attachments",
                         .file = path,
                         .content_type = "application/octet-stream",
                         .progress = sph_bar_note,
                         .progress_ctx = &bar};
    const char *type = sph_input_media_type(order->cli, path);
    fail(order, type ? sph_cli_ask(order->cli, &ask, &reply) : SPH_EXIT_USAGE);
    sph_bar_end(&bar);
    if (order->code == SPH_EXIT_DONE)
        keep(order,
             add_attachment(order, path, type, sph_view_get(reply.json, "upload"), list, NULL));
}

void sph_order_attach(sph_order *order)
{
    const char *path = NULL;
    sph_json *list = sph_json_array();
    for (size_t i = 0;
         order->code == SPH_EXIT_DONE && (path = sph_cli_option(order->cli, "--attach", i)); i++)
        attach(order, path, list);
    keep(order, sph_json_set(order->whole, "attachments", list, NULL));
}

static bool has_text(const sph_json *list, const char *text)
{
    for (size_t i = 0; i < sph_json_count(list); i++)
        if (sph_slice_is(sph_slice_str(sph_json_as_text(sph_json_at(list, i))), text))
            return true;
    return false;
}

static void add_party(sph_order *order, const char *party, sph_json *to)
{
    if (!has_text(to, party))
        keep(order, sph_json_add(to, sph_json_text(party), NULL));
}

static bool is_active_of(const sph_json *partner, const char *kind)
{
    return sph_slice_is(sph_slice_str(sph_view_get(partner, "kind")), kind) &&
           sph_slice_is(sph_slice_str(sph_view_get(partner, "state")), "active");
}

static void add_kind(sph_order *order, const char *kind, sph_json *to)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET", .target = "/api/1/partners"};
    size_t found = 0;
    fail(order, sph_cli_ask(order->cli, &ask, &reply));
    const sph_json *list = sph_json_get(reply.json, "items");
    for (size_t i = 0; i < sph_json_count(list); i++) {
        if (!is_active_of(sph_json_at(list, i), kind))
            continue;
        add_party(order, sph_view_get(sph_json_at(list, i), "party"), to);
        found++;
    }
    if (order->code == SPH_EXIT_DONE && found == 0)
        fail(order,
             sph_cli_usage(order->cli, "cli.draft.nobody-of-kind", SPH_ARGS({"kind", kind})));
}

/** A name is looked up now, so that a mistyped one is named. */
static void add_named(sph_order *order, const char *party, sph_json *to)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET"};
    fail(order, sph_view_ask_id(order->cli, &ask, "/api/1/partners/", party, "", &reply));
    if (order->code == SPH_EXIT_DONE)
        add_party(order, sph_view_get(reply.json, "party"), to);
}

static void take_addressee(struct each_part *each, const char *part)
{
    if (sph_vocabulary_has("party-kind", sph_slice_str(part)))
        add_kind(each->order, part, each->array);
    else
        add_named(each->order, part, each->array);
}

void sph_order_to(sph_order *order)
{
    struct each_part each = {order, "--to", NULL, sph_json_array(), take_addressee};
    if (order->code == SPH_EXIT_DONE)
        take_all(&each);
    if (order->code == SPH_EXIT_DONE && sph_json_count(each.array) == 0)
        sph_order_miss(order, "--to");
    keep(order, sph_json_set(order->whole, "to", each.array, NULL));
}

/** The whole packet id behind a short one: a link is read on other nodes, where short ids mean
 * nothing. */
static void take_link(struct each_part *each, const char *part)
{
    SPH_AUTO(sph_reply) reply = {.status = 0};
    const sph_ask ask = {.method = "GET"};
    fail(each->order,
         sph_view_ask_id(each->order->cli, &ask, "/api/1/packets/", part, "/proof", &reply));
    if (each->order->code == SPH_EXIT_DONE)
        keep(each->order,
             sph_json_add(each->array, sph_json_text(sph_view_get(reply.json, "packetId")), NULL));
}

static void set_list(struct each_part *each, const char *field)
{
    take_all(each);
    if (sph_json_count(each->array) > 0)
        sph_order_set(each->order, field, each->array);
    else
        sph_json_free(&each->array);
}

void sph_order_links(sph_order *order, const char *field, const char *option)
{
    struct each_part each = {order, option, NULL, sph_json_array(), take_link};
    set_list(&each, field);
}

void sph_order_options(sph_order *order, const char *field, const char *option, const char *list)
{
    struct each_part each = {order, option, list, sph_json_array(), take_code};
    set_list(&each, field);
}

char sph_order_letter(const sph_order *order)
{
    enum sph_packet_type type = SPH_PACKET_RESOURCE;
    const char *name = sph_view_get(order->draft, "type");
    if (sph_packet_type_of(name, &type, NULL).code != SPH_OK)
        return 'P';
    return sph_packet_type_letter(type);
}
