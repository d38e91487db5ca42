#include "cli/demo.h"

#include <signal.h>
#include <stdio.h>

#define IDLE_MS 500

static void fill(struct sph_demo *demo, const sph_cli *cli)
{
    static const struct {
        const char *party, *kind, *country;
    } who[SPH_DEMO_COUNT] = {[SPH_DEMO_LAWYER] = {"la.legalaid.demo", "legal-aid", "LA"},
                             [SPH_DEMO_NGO] = {"th.ngo.demo", "ngo", "TH"},
                             [SPH_DEMO_MINISTRY] = {"la.ministry.demo", "social-ministry", "LA"},
                             [SPH_DEMO_OFFICE] = {"la.village.demo", "mass-organisation", "LA"}};
    demo->cli = cli;
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++) {
        demo->node[i].party = who[i].party;
        demo->node[i].kind = who[i].kind;
        demo->node[i].country = who[i].country;
    }
    demo->node[SPH_DEMO_OFFICE].is_pull_only = true;
}

static sph_rc start_nodes(struct sph_demo *demo, sph_err *err)
{
    SPH_TRY(sph_demo_step(demo, "demo.step.start", err), err, "step");
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++) {
        int code = 0;
        char pid[16];
        struct sph_demo_node *node = &demo->node[i];
        SPH_TRY(sph_demo_start(demo, node, &code, err), err, "start");
        SPH_TRY(sph_str_format(pid, sizeof(pid), err, "%d", node->pid), err, "start");
        sph_demo_line(demo, SPH_MARK_OK, "demo.started",
                      SPH_ARGS({"party", node->party}, {"pid", pid}, {"log", node->log}));
    }
    return sph_ok();
}

/** The small office switched its computer off before somebody touched the line that it used too. */
static sph_rc open_office(struct sph_demo *demo, sph_err *err)
{
    int code = 0;
    return sph_demo_start(demo, &demo->node[SPH_DEMO_OFFICE], &code, err);
}

static sph_rc tell(struct sph_demo *demo, sph_err *err)
{
    SPH_TRY(sph_demo_make_homes(demo, err), err, "homes");
    SPH_TRY(start_nodes(demo, err), err, "start");
    SPH_TRY(sph_demo_swap_cards(demo, err), err, "cards");
    SPH_TRY(sph_demo_publish(demo, err), err, "publications");
    SPH_TRY(sph_demo_ask(demo, err), err, "question and answer");
    SPH_TRY(sph_demo_ask_office(demo, err), err, "office");
    SPH_TRY(sph_demo_flip(demo, err), err, "changed byte");
    SPH_TRY(sph_demo_tamper(demo, err), err, "changed ledger");
    SPH_TRY(open_office(demo, err), err, "office");
    return sph_demo_table(demo, err);
}

/** The nodes stay up for whoever wants to look around. */
static void stay(struct sph_demo *demo)
{
    sph_cli_say(demo->cli, "demo.stay", NULL, 0);
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        sph_cli_say(demo->cli, "demo.stay.home", SPH_ARGS({"home", demo->node[i].cli.home}));
    sph_cli_say(demo->cli, "demo.stay.commands",
                SPH_ARGS({"program", demo->cli->program},
                         {"lawyer", demo->node[SPH_DEMO_LAWYER].cli.home},
                         {"ngo", demo->node[SPH_DEMO_NGO].cli.home},
                         {"ministry", demo->node[SPH_DEMO_MINISTRY].cli.home}, {"dir", demo->dir}));
    fflush(stdout);
    while (sph_demo_sleep(demo, IDLE_MS, NULL).code == SPH_OK)
        continue;
}

static void end(struct sph_demo *demo)
{
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        sph_demo_stop(&demo->node[i]);
    sph_demo_proxy_free(&demo->proxy);
    if (demo->dir[0])
        sph_cli_say(demo->cli, "demo.end", SPH_ARGS({"dir", demo->dir}));
}

static enum sph_exit run(sph_cli *cli, struct sph_demo *demo)
{
    sph_err err = {0};
    const sph_rc rc = tell(demo, &err);
    enum sph_exit code = rc.code == SPH_OK ? SPH_EXIT_DONE : SPH_EXIT_FAILED;
    if (rc.code == SPH_OK && !sph_cli_flag(cli, "--once"))
        stay(demo);
    if (demo->is_stopped)
        sph_cli_warn(cli, "demo.stopped", NULL, 0);
    else if (rc.code != SPH_OK)
        code = sph_cli_failed(cli, &err);
    end(demo);
    return code;
}

enum sph_exit sph_cmd_demo(sph_cli *cli)
{
    sigset_t set, before;
    struct sph_demo *demo = sph_mem_new(1, sizeof(*demo));
    if (!demo)
        return SPH_EXIT_FAILED;
    fill(demo, cli);
    /* Before any thread starts: all of them leave these signals to sph_demo_sleep. */
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, &before);
    const enum sph_exit code = run(cli, demo);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sph_mem_free(demo);
    return code;
}
