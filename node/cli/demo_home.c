#include "cli/demo.h"

#include "base/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIR_MOST 72u /* a socket's path has 107 characters, and the home's name is part of it */
#define START_MS 20000
#define STOP_MS 30000
#define TICK_MS 20

static sph_rc choose_dir(struct sph_demo *demo, sph_err *err)
{
    char real[PATH_MAX];
    const char *given = sph_cli_option(demo->cli, "--dir", 0);
    const char *tmp = getenv("TMPDIR");
    SPH_TRY(sph_str_format(demo->dir, sizeof(demo->dir), err, "%s/saphan-demo-XXXXXX",
                           tmp && tmp[0] == '/' ? tmp : "/tmp"),
            err, "folder");
    if (!given && !mkdtemp(demo->dir))
        return sph_fail(err, SPH_EIO, "no folder can be made in %s", tmp ? tmp : "/tmp");
    if (given && mkdir(given, 0700) != 0 && errno != EEXIST)
        return sph_fail(err, SPH_EARG, "the folder named with --dir cannot be made");
    if (!realpath(given ? given : demo->dir, real))
        return sph_fail(err, SPH_EARG, "the folder named with --dir cannot be entered");
    if (sph_slice_str(real).len > DIR_MOST)
        return sph_fail(err, SPH_EARG, "the folder's path is too long: at most %u characters",
                        DIR_MOST);
    return sph_str_copy(demo->dir, sizeof(demo->dir), sph_slice_str(real), err);
}

static sph_rc free_port(unsigned *port, sph_err *err)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(name);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool is_bound = fd >= 0 && bind(fd, (const struct sockaddr *)&name, len) == 0 &&
                          getsockname(fd, (struct sockaddr *)&name, &len) == 0;
    if (fd >= 0)
        close(fd);
    if (!is_bound)
        return sph_fail(err, SPH_EIO, "no free port on this computer");
    *port = ntohs(name.sin_port);
    return sph_ok();
}

static void add_option(sph_cli *cli, const char *name, const char *value)
{
    cli->option[cli->option_count].name = name;
    cli->option[cli->option_count++].value = value;
}

/** Nobody wants to watch a minute pass: this office asks every second. */
static sph_rc hurry(const struct sph_demo_node *node, sph_err *err)
{
    struct sph_config config;
    sph_files *files = NULL;
    SPH_TRY(sph_files_real_new(node->cli.home, &files, err), err, "home");
    sph_rc rc = sph_config_load(files, &config, NULL, err);
    if (rc.code == SPH_OK) {
        config.pull_busy_s = 1;
        config.pull_idle_s = 1;
        rc = sph_config_store(files, &config, true, err);
    }
    sph_files_real_free(&files);
    return rc;
}

/** `saphan init`, with the answers that a person would give. */
static sph_rc init_home(const struct sph_demo_node *node, sph_err *err)
{
    char url[64], listen[64], key[64];
    sph_cli cli = node->cli;
    SPH_TRY(sph_str_format(url, sizeof(url), err, "https://127.0.0.1:%u", node->url_port), err,
            "address");
    SPH_TRY(sph_str_format(listen, sizeof(listen), err, "127.0.0.1:%u", node->port), err,
            "address");
    SPH_TRY(sph_str_format(key, sizeof(key), err, "demo.name.%s", node->kind), err, "name");
    cli.is_quiet = true;
    add_option(&cli, "--party", node->party);
    add_option(&cli, "--kind", node->kind);
    add_option(&cli, "--country", node->country);
    add_option(&cli, "--name-en", sph_text(SPH_LANG_EN, key));
    add_option(&cli, "--name-lo", sph_text(SPH_LANG_LO, key));
    add_option(&cli, "--name-th", sph_text(SPH_LANG_TH, key));
    if (node->is_pull_only) {
        add_option(&cli, "--pull-only", NULL);
    } else {
        add_option(&cli, "--url", url);
        add_option(&cli, "--listen", listen);
    }
    add_option(&cli, "--training", NULL);
    if (sph_cmd_init(&cli) != SPH_EXIT_DONE)
        return sph_fail(err, SPH_EREFUSED, "init of %s", node->party);
    return node->is_pull_only ? hurry(node, err) : sph_ok();
}

static sph_rc fill_node(struct sph_demo *demo, struct sph_demo_node *node, sph_err *err)
{
    struct stat st;
    node->cli = (sph_cli){.lang = demo->cli->lang,
                          .color = demo->cli->color,
                          .is_utf8 = demo->cli->is_utf8,
                          .word = demo->cli->word};
    SPH_TRY(sph_str_format(node->cli.home, sizeof(node->cli.home), err, "%s/%s", demo->dir,
                           node->party),
            err, "home");
    SPH_TRY(sph_str_format(node->log, sizeof(node->log), err, "%s/%s.log", demo->dir, node->party),
            err, "log");
    SPH_TRY(sph_str_copy(node->cli.program, sizeof(node->cli.program),
                         sph_slice_str(demo->cli->program), err),
            err, "program");
    if (stat(node->cli.home, &st) == 0)
        return sph_fail(err, SPH_EARG, "%s is there already: choose an empty folder with --dir",
                        node->party);
    SPH_TRY(free_port(&node->port, err), err, "port");
    node->url_port = node->port;
    return sph_ok();
}

sph_rc sph_demo_make_homes(struct sph_demo *demo, sph_err *err)
{
    struct sph_demo_node *ngo = &demo->node[SPH_DEMO_NGO];
    SPH_TRY(choose_dir(demo, err), err, "folder");
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++)
        SPH_TRY(fill_node(demo, &demo->node[i], err), err, "%s", demo->node[i].party);
    SPH_TRY(sph_demo_proxy_new(ngo->port, &demo->proxy, &ngo->url_port, err), err, "proxy");
    sph_cli_say(demo->cli, "demo.where", SPH_ARGS({"dir", demo->dir}));
    SPH_TRY(sph_demo_step(demo, "demo.step.homes", err), err, "step");
    for (size_t i = 0; i < SPH_DEMO_COUNT; i++) {
        char port[12];
        const struct sph_demo_node *node = &demo->node[i];
        SPH_TRY(init_home(node, err), err, "home");
        SPH_TRY(sph_str_format(port, sizeof(port), err, "%u", node->url_port), err, "port");
        sph_demo_line(demo, SPH_MARK_OK, node->is_pull_only ? "demo.home.pull" : "demo.home",
                      SPH_ARGS({"party", node->party}, {"port", port}));
    }
    return sph_ok();
}

/** In the child, between fork and exec: only calls that are safe there. */
static void become_node(const struct sph_demo_node *node, pid_t parent)
{
    sigset_t none;
    const int null = open("/dev/null", O_RDWR);
    const int log = open(node->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0); /* Ctrl-C is the demo's; it ends its children itself */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (null < 0 || log < 0 || getppid() != parent || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
        dup2(log, 2) < 0)
        _exit(127);
    execl(node->cli.program, node->cli.program, "--home", node->cli.home, "--lang",
          sph_lang_code(node->cli.lang), "run", (char *)NULL);
    _exit(127);
}

/** Has the child ended? *exit_code then. */
static bool has_ended(struct sph_demo_node *node, int *exit_code)
{
    int status = 0;
    if (node->pid == 0 || waitpid(node->pid, &status, WNOHANG) != node->pid)
        return node->pid == 0;
    node->pid = 0;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

sph_rc sph_demo_start(struct sph_demo *demo, struct sph_demo_node *node, int *exit_code,
                      sph_err *err)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        become_node(node, parent);
    if (pid < 0)
        return sph_fail(err, SPH_EIO, "no further process can be started");
    node->pid = (int)pid;
    for (int waited = 0; waited < START_MS; waited += TICK_MS) {
        if (has_ended(node, exit_code))
            return sph_fail(err, SPH_EREFUSED, "%s ended with %d; see its log", node->party,
                            *exit_code);
        if (sph_cli_is_running(&node->cli))
            return sph_ok();
        SPH_TRY(sph_demo_sleep(demo, TICK_MS, err), err, "start");
    }
    return sph_fail(err, SPH_EAGAIN, "%s does not answer", node->party);
}

void sph_demo_stop(struct sph_demo_node *node)
{
    int unused = 0;
    if (node->pid == 0 || has_ended(node, &unused))
        return;
    kill(node->pid, SIGTERM);
    for (int waited = 0; waited < STOP_MS; waited += TICK_MS) {
        if (has_ended(node, &unused))
            return;
        usleep(TICK_MS * 1000);
    }
    kill(node->pid, SIGKILL);
    if (waitpid(node->pid, NULL, 0) == node->pid)
        node->pid = 0;
}
