#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "crypto/digest.h"
#include "net/transport.h"
#include "store/db.h"
#include "xml/xml.h"

sph_rc sph_cli_start(sph_err *err)
{
    sph_mem_tune();
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    sph_xml_start();
    SPH_TRY(sph_db_start(err), err, "databases");
    SPH_TRY(sph_crypto_start(err), err, "crypto");
    return sph_transport_start(err);
}

void sph_cli_stop(void)
{
    sph_transport_end();
    sph_crypto_stop();
    sph_xml_stop();
}

static bool drop_to(uid_t uid, gid_t gid)
{
    const struct passwd *who = getpwuid(uid);
    const bool has_groups = who ? initgroups(who->pw_name, gid) == 0 : setgroups(0, NULL) == 0;
    return has_groups && setgid(gid) == 0 && setuid(uid) == 0 && (uid == 0 || setuid(0) != 0);
}

enum sph_exit sph_cli_become_owner(const sph_cli *cli)
{
    struct stat st;
    if (stat(cli->home, &st) != 0)
        return SPH_EXIT_DONE; /* no home: the caller finds that out and says so */
    if (st.st_uid == geteuid())
        return SPH_EXIT_DONE;
    if (geteuid() == 0 && drop_to(st.st_uid, st.st_gid))
        return SPH_EXIT_DONE;
    return sph_cli_problem_said(cli, "cli.not-owner", SPH_EREFUSED, SPH_EXIT_REFUSED,
                                SPH_ARGS({"home", cli->home}));
}
