#include <stdio.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/unicode.h"
#include "cli/cli.h"

static void print_text(FILE *to, enum sph_lang lang, const char *key, const sph_arg *args,
                       size_t count)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(65536);
    if (sph_text_format(lang, key, args, count, &text, NULL).code == SPH_OK)
        fprintf(to, "%s\n", sph_buf_text(&text));
}

void sph_cli_say(const sph_cli *cli, const char *key, const sph_arg *args, size_t count)
{
    if (!cli->is_quiet && !cli->is_json)
        print_text(stdout, cli->lang, key, args, count);
}

void sph_cli_warn(const sph_cli *cli, const char *key, const sph_arg *args, size_t count)
{
    fflush(stdout); /* where both streams go to one place, what was said first stands first */
    print_text(stderr, cli->lang, key, args, count);
}

static bool has_color(const sph_cli *cli)
{
    return cli->color == SPH_COLOR_ALWAYS ||
           (cli->color == SPH_COLOR_AUTO && isatty(STDOUT_FILENO));
}

const char *sph_cli_mark(const sph_cli *cli, enum sph_mark mark)
{
    static const char *const plain[] = {"ok", "!!", ".."};
    static const char *const colored[] = {"\033[32mok\033[0m", "\033[1;31m!!\033[0m",
                                          "\033[33m..\033[0m"};
    return has_color(cli) ? colored[mark] : plain[mark];
}

enum sph_exit sph_cli_usage(const sph_cli *cli, const char *key, const sph_arg *args, size_t count)
{
    print_text(stderr, cli->lang, key, args, count);
    if (cli->word)
        print_text(stderr, cli->lang, "cli.see-help", SPH_ARGS({"word", cli->word->name}));
    return SPH_EXIT_USAGE;
}

/** When the home's saphan.ini is what is wrong: which line, what, and what to do. */
static bool explain_config(const sph_cli *cli)
{
    sph_files *files = NULL;
    struct sph_config config;
    struct sph_config_fault fault = {0};
    SPH_AUTO(sph_buf) text = sph_buf_init(8192);
    if (!cli->home[0] || sph_files_real_new(cli->home, &files, NULL).code != SPH_OK)
        return false;
    const bool is_fault = sph_config_load(files, &config, &fault, NULL).code != SPH_OK &&
                          fault.text &&
                          sph_config_explain(&fault, cli->lang, &text, NULL).code == SPH_OK;
    sph_files_real_free(&files);
    if (is_fault)
        fprintf(stderr, "%s\n", sph_buf_text(&text));
    return is_fault;
}

/** Under --json a problem is an object too, as the API would have answered it. */
static sph_rc print_problem(const sph_cli *cli, const char *key, const char *code,
                            const sph_arg *args, size_t count, sph_err *err)
{
    char do_key[96];
    SPH_AUTO(sph_buf) title = sph_buf_init(8192);
    SPH_AUTO(sph_buf) todo = sph_buf_init(8192);
    SPH_AUTO(sph_buf) out = sph_buf_init(65536);
    SPH_AUTO_PTR(sph_json) *json = sph_json_object();
    SPH_TRY(sph_text_format(cli->lang, key, args, count, &title, err), err, "problem");
    SPH_TRY(sph_json_set(json, "schema", sph_json_text("saphan.problem/1"), err), err, "problem");
    SPH_TRY(sph_json_set(json, "title", sph_json_text(sph_buf_text(&title)), err), err, "problem");
    SPH_TRY(sph_json_set(json, "code", sph_json_text(code), err), err, "problem");
    SPH_TRY(sph_str_format(do_key, sizeof(do_key), err, "%s.do", key), err, "problem");
    if (sph_text_has(do_key)) {
        SPH_TRY(sph_text_format(cli->lang, do_key, args, count, &todo, err), err, "problem");
        SPH_TRY(sph_json_set(json, "do", sph_json_text(sph_buf_text(&todo)), err), err, "problem");
    }
    SPH_TRY(sph_json_print(json, false, &out, err), err, "problem");
    printf("%s\n", sph_buf_text(&out));
    return sph_ok();
}

enum sph_exit sph_cli_problem_said(const sph_cli *cli, const char *key, enum sph_code code,
                                   enum sph_exit exit_code, const sph_arg *args, size_t count)
{
    char do_key[96];
    if (cli->is_json)
        (void)print_problem(cli, key, sph_code_name(code), args, count, NULL).code;
    sph_cli_warn(cli, key, args, count);
    if (sph_str_format(do_key, sizeof(do_key), NULL, "%s.do", key).code == SPH_OK &&
        sph_text_has(do_key))
        sph_cli_warn(cli, do_key, args, count);
    return exit_code;
}

enum sph_exit sph_cli_failed(const sph_cli *cli, const sph_err *err)
{
    static const struct {
        enum sph_code code;
        enum sph_exit exit;
    } table[] = {{SPH_EPROOF, SPH_EXIT_PROOF},
                 {SPH_EREFUSED, SPH_EXIT_REFUSED},
                 {SPH_EAGAIN, SPH_EXIT_LATER},
                 {SPH_EARG, SPH_EXIT_USAGE}};
    char key[64];
    if ((err->code == SPH_EPARSE || err->code == SPH_EREFUSED || err->code == SPH_ELIMIT) &&
        explain_config(cli))
        return SPH_EXIT_FAILED;
    if (sph_str_format(key, sizeof(key), NULL, "problem.%s", sph_code_name(err->code)).code ==
        SPH_OK)
        (void)sph_cli_problem_said(cli, key, err->code, SPH_EXIT_FAILED, NULL, 0);
    for (unsigned i = 0; i < err->depth && cli->is_verbose; i++)
        fprintf(stderr, "  %s\n", err->frame[i].what);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].code == err->code)
            return table[i].exit;
    return SPH_EXIT_FAILED;
}

bool sph_cli_confirm(const sph_cli *cli, const char *key, const sph_arg *args, size_t count)
{
    SPH_AUTO(sph_buf) text = sph_buf_init(8192);
    if (cli->is_yes)
        return true;
    if (!isatty(STDIN_FILENO) ||
        sph_text_format(cli->lang, key, args, count, &text, NULL).code != SPH_OK)
        return false;
    fprintf(stderr, "%s [y/N] ", sph_buf_text(&text));
    const int answer = getchar();
    for (int c = answer; c != '\n' && c != EOF;)
        c = getchar();
    return answer == 'y' || answer == 'Y';
}

/** C0, C1 and DEL never reach the terminal: they could move the cursor or change what was printed
 * before. */
static bool is_control(const uint8_t *at, size_t left, size_t *len)
{
    *len = at[0] == 0xC2 && left > 1 && at[1] >= 0x80 && at[1] < 0xA0 ? 2 : 1;
    return *len == 2 || ((at[0] < 0x20 || at[0] == 0x7F) && at[0] != '\n' && at[0] != '\t');
}

sph_rc sph_cli_safe(const char *text, sph_buf *out, sph_err *err)
{
    const sph_slice all = sph_slice_str(text);
    size_t from = 0;
    for (size_t i = 0; i < all.len;) {
        size_t len = 1;
        if (!is_control(all.at + i, all.len - i, &len)) {
            i += len;
            continue;
        }
        SPH_TRY(sph_buf_add(out, sph_slice_sub(all, from, i - from), err), err, "text");
        SPH_TRY(sph_buf_add(out, SPH_LIT("\xEF\xBF\xBD"), err), err, "text");
        i += len;
        from = i;
    }
    return sph_buf_add(out, sph_slice_sub(all, from, SIZE_MAX), err);
}

void sph_table_clear(struct sph_table *table)
{
    for (size_t i = 0; i < table->columns * table->rows; i++)
        sph_str_free(&table->cell[i]);
    table->rows = 0;
}

void sph_table_row(struct sph_table *table, size_t columns, const char *const *cells)
{
    table->columns = columns;
    if ((table->rows + 1) * columns > sizeof(table->cell) / sizeof(table->cell[0]))
        return;
    for (size_t i = 0; i < columns; i++) {
        SPH_AUTO(sph_buf) safe = sph_buf_init(8192);
        char **cell = &table->cell[table->rows * columns + i];
        *cell = NULL;
        if (sph_cli_safe(cells[i] ? cells[i] : "", &safe, NULL).code != SPH_OK ||
            sph_str_dup(sph_buf_peek(&safe), cell, NULL).code != SPH_OK)
            *cell = NULL;
    }
    table->rows++;
}

void sph_table_print(const sph_cli *cli, const struct sph_table *table)
{
    size_t width[16] = {0};
    if (cli->is_quiet)
        return;
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        const char *cell = table->cell[i] ? table->cell[i] : "";
        const size_t wide = sph_unicode_width(sph_slice_str(cell));
        if (i % table->columns < 16 && wide > width[i % table->columns])
            width[i % table->columns] = wide;
    }
    for (size_t i = 0; i < table->rows * table->columns; i++) {
        const char *cell = table->cell[i] ? table->cell[i] : "";
        const size_t column = i % table->columns;
        const bool is_last = column + 1 == table->columns;
        const size_t pad = is_last || column >= 16
                               ? 0
                               : width[column] - sph_unicode_width(sph_slice_str(cell)) + 2;
        printf("%s%*s%s", cell, (int)pad, "", is_last ? "\n" : "");
    }
}
