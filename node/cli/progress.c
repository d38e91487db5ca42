#include "cli/progress.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/env.h"
#include "exchange/room.h"
#include "net/control_client.h"

#define PATIENCE_MS 1000
#define LINE_MS 10000
#define BAR_CELLS 24u
#define LOOK_US 300000u
#define ANSWER_MOST 262144u

static int64_t mono_ms(void)
{
    const sph_clock *clock = sph_clock_real();
    return clock->mono_ms(clock->ctx);
}

static bool is_quiet(const sph_cli *cli)
{
    return cli->is_quiet || cli->is_json;
}

static bool has_terminal(const sph_cli *cli)
{
    return !is_quiet(cli) && isatty(STDERR_FILENO);
}

sph_bar sph_bar_start(const sph_cli *cli, const char *key)
{
    const int64_t now_ms = mono_ms();
    return (sph_bar){.cli = cli, .key = key, .started_ms = now_ms, .said_ms = now_ms};
}

static unsigned percent(uint64_t done, uint64_t total)
{
    return total == 0 ? 0 : (unsigned)((done < total ? done : total) * 100 / total);
}

/** "sending  42 %  430 MB / 1.0 GB" */
static void print_line(const sph_bar *bar, uint64_t done, uint64_t total, const char *before,
                       const char *cells, const char *after)
{
    char has[24], all[24];
    sph_room_text(done, has);
    sph_room_text(total, all);
    fprintf(stderr, "%s%s %s %3u %%  %s / %s%s", before, sph_text(bar->cli->lang, bar->key), cells,
            percent(done, total), has, all, after);
    fflush(stderr);
}

static void print_bar(sph_bar *bar, uint64_t done, uint64_t total)
{
    char cells[BAR_CELLS + 3];
    const size_t full = (size_t)percent(done, total) * BAR_CELLS / 100;
    cells[0] = '[';
    for (size_t i = 0; i < BAR_CELLS; i++)
        cells[i + 1] = i < full ? '#' : '.';
    cells[BAR_CELLS + 1] = ']';
    cells[BAR_CELLS + 2] = '\0';
    print_line(bar, done, total, "\r\033[K", cells, "");
    bar->is_shown = true;
}

void sph_bar_show(sph_bar *bar, uint64_t done, uint64_t total)
{
    const int64_t now_ms = mono_ms();
    if (has_terminal(bar->cli)) {
        if (now_ms - bar->started_ms >= PATIENCE_MS && now_ms - bar->said_ms >= 100) {
            bar->said_ms = now_ms;
            print_bar(bar, done, total);
        }
    } else if (bar->cli->is_verbose && !is_quiet(bar->cli) && now_ms - bar->said_ms >= LINE_MS) {
        bar->said_ms = now_ms;
        print_line(bar, done, total, "", "", "\n");
    }
}

void sph_bar_end(sph_bar *bar)
{
    if (bar->is_shown)
        fputs("\r\033[K", stderr);
    bar->is_shown = false;
}

void sph_bar_note(void *ctx, uint64_t done, uint64_t total)
{
    sph_bar_show(ctx, done, total);
}

/* ------------------------------------------------------------------ sealing */

struct sph_sealing_bar {
    sph_bar bar;
    char socket_path[600];
    pthread_t thread;
    atomic_bool is_over;
};

static void show_sealing(sph_bar *bar, const sph_json *items)
{
    int64_t done = 0, total = 0;
    for (size_t i = 0; i < sph_json_count(items); i++) {
        const sph_json *row = sph_json_at(items, i);
        const char *kind = sph_json_get_text(row, "kind");
        if (!kind || !sph_slice_is(sph_slice_str(kind), "seal"))
            continue;
        done += sph_json_get_int(row, "bytes", 0);
        total += sph_json_get_int(row, "bytesTotal", 0);
    }
    if (total > 0)
        sph_bar_show(bar, (uint64_t)done, (uint64_t)total);
}

static void look(struct sph_sealing_bar *watch)
{
    SPH_AUTO(sph_answer) answer = {.body = sph_buf_init(ANSWER_MOST)};
    SPH_AUTO_PTR(sph_json) *json = NULL;
    const sph_control_request request = {.socket_path = watch->socket_path,
                                         .method = "GET",
                                         .target = "/api/1/transfers",
                                         .timeout_ms = 5000,
                                         .answer_max = ANSWER_MOST};
    if (sph_control_call(&request, &answer, NULL).code == SPH_OK &&
        sph_json_parse(sph_buf_peek(&answer.body), ANSWER_MOST, &json, NULL).code == SPH_OK)
        show_sealing(&watch->bar, sph_json_get(json, "items"));
}

static void *run(void *arg)
{
    struct sph_sealing_bar *watch = arg;
    while (!atomic_load(&watch->is_over)) {
        look(watch);
        usleep(LOOK_US);
    }
    return NULL;
}

sph_sealing_bar *sph_sealing_bar_start(const sph_cli *cli)
{
    if (is_quiet(cli) || (!isatty(STDERR_FILENO) && !cli->is_verbose) || !sph_cli_is_running(cli))
        return NULL;
    struct sph_sealing_bar *watch = sph_mem_new(1, sizeof(*watch));
    if (!watch)
        return NULL;
    watch->bar = sph_bar_start(cli, "progress.seal");
    if (sph_str_format(watch->socket_path, sizeof(watch->socket_path), NULL, "%s/run/control.sock",
                       cli->home)
                .code != SPH_OK ||
        pthread_create(&watch->thread, NULL, run, watch) != 0) {
        sph_mem_free(watch);
        return NULL;
    }
    return watch;
}

void sph_sealing_bar_end(sph_sealing_bar **watch)
{
    if (!*watch)
        return;
    atomic_store(&(*watch)->is_over, true);
    pthread_join((*watch)->thread, NULL);
    sph_bar_end(&(*watch)->bar);
    sph_mem_free(*watch);
    *watch = NULL;
}
