#include "store/db.h"

#include "store/db_impl.h"
#include "store/tables_ledger.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS 5000

sph_rc sph_db_start(sph_err *err)
{
    int code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (code == SQLITE_OK)
        code = sqlite3_initialize();
    return code == SQLITE_OK ? sph_ok() : sph_db_error(NULL, code, "setting SQLite up", err);
}

struct setting {
    unsigned roles; /* bit set of 1 << role */
    const char *sql;
};
#define R (1u << SPH_DB_READER)
#define W (1u << SPH_DB_WRITER)
#define S (1u << SPH_DB_SECRETS)
#define M (1u << SPH_DB_MAINTENANCE)

/* Page caches are small: a node keeps several readers and few pages are hot. No mmap: mapped pages
 * count as resident memory, and a proof reads a handful of tiles. */
static const struct setting settings[] = {
    {R | W | S | M, "PRAGMA foreign_keys=ON"},
    {R | W | S | M, "PRAGMA recursive_triggers=ON"},
    {R | W | S | M, "PRAGMA trusted_schema=OFF"},
    {R | W | S | M, "PRAGMA cell_size_check=ON"},
    {R | W | S | M, "PRAGMA temp_store=MEMORY"},
    {W | S | M, "PRAGMA journal_mode=WAL"},
    {W | S | M, "PRAGMA synchronous=FULL"},
    {W | S | M, "PRAGMA secure_delete=ON"},
    {R, "PRAGMA query_only=ON"},
    {R, "PRAGMA cache_size=-2000"},
    {W | M, "PRAGMA cache_size=-4000"},
    {S, "PRAGMA cache_size=-500"},
};

static const struct {
    int limit;
    int value;
} limits[] = {
    {SQLITE_LIMIT_LENGTH, 64 << 20},    {SQLITE_LIMIT_EXPR_DEPTH, 100},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 64}, {SQLITE_LIMIT_SQL_LENGTH, 1 << 16},
    {SQLITE_LIMIT_WORKER_THREADS, 0},   {SQLITE_LIMIT_TRIGGER_DEPTH, 4},
};

static const struct {
    int option;
    int value;
} switches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 1},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
};

static enum sph_code code_of(int sqlite)
{
    switch (sqlite & 0xff) {
    case SQLITE_CONSTRAINT:
        return SPH_ECONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SPH_EAGAIN;
    case SQLITE_NOMEM:
        return SPH_ENOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return SPH_EPARSE;
    case SQLITE_AUTH:
        return SPH_EREFUSED;
    case SQLITE_TOOBIG:
        return SPH_ELIMIT;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
    case SQLITE_MISMATCH:
        return SPH_EARG;
    default:
        return SPH_EIO;
    }
}

sph_rc sph_db_error(sqlite3 *at, int code, const char *doing, sph_err *err)
{
    return sph_fail(err, code_of(code), "%s: %s (SQLite %d)", doing,
                    at ? sqlite3_errmsg(at) : sqlite3_errstr(code), code);
}

sph_rc sph_db_exec(sph_db *db, const char *sql, sph_err *err)
{
    const int code = sqlite3_exec(db->at, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? sph_ok() : sph_db_error(db->at, code, "running a setting", err);
}

/* SQLite tells how long the write-ahead log is after each commit; the journal decides when to move
 * it. */
static int on_wal(void *arg, sqlite3 *at, const char *name, int pages)
{
    (void)at;
    (void)name;
    ((sph_db *)arg)->wal_pages = pages;
    return SQLITE_OK;
}

static sph_rc apply_settings(sph_db *db, sph_err *err)
{
    sqlite3_extended_result_codes(db->at, 1);
    sqlite3_busy_timeout(db->at, BUSY_MS);
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        const int code = sqlite3_db_config(db->at, switches[i].option, switches[i].value, NULL);
        if (code != SQLITE_OK)
            return sph_db_error(db->at, code, "connection switch", err);
    }
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        sqlite3_limit(db->at, limits[i].limit, limits[i].value);
    /* VACUUM attaches internally, so maintenance keeps the default (ledger.md 8). */
    if (db->role != SPH_DB_MAINTENANCE)
        sqlite3_limit(db->at, SQLITE_LIMIT_ATTACHED, 0);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (settings[i].roles & (1u << db->role))
            SPH_TRY(sph_db_exec(db, settings[i].sql, err), err, "%s", settings[i].sql);
    if (db->role != SPH_DB_READER)
        sqlite3_wal_hook(db->at, on_wal, db); /* replaces the automatic checkpoint */
    return sph_ok();
}

static sph_rc connect_as(const char *path, enum sph_db_role role, int flags, sph_db **out,
                         sph_err *err)
{
    sph_db *fresh = sph_mem_new(1, sizeof(*fresh));
    if (!fresh)
        return sph_fail(err, SPH_ENOMEM, "a connection");
    __attribute__((cleanup(sph_db_close))) sph_db *db = fresh;
    db->role = role;
    flags |= SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    const int code = sqlite3_open_v2(path, &db->at, flags, NULL);
    if (code != SQLITE_OK)
        return sph_db_error(db->at, code, "opening the database", err);
    SPH_TRY(apply_settings(db, err), err, "settings of the connection");
    int version = 0;
    SPH_TRY(sph_db_version(db, &version, err), err, "first read");
    *out = sph_move(db);
    return sph_ok();
}

/* A medium that cannot be written to has no place for the -shm file that WAL needs: read the file
 * as it is, which is right only when no write-ahead log holds newer pages. */
static sph_rc connect_immutable(const char *path, sph_db **out, sph_err *err)
{
    char name[4200];
    struct stat wal;
    SPH_TRY(sph_str_format(name, sizeof(name), err, "%s-wal", path), err, "path");
    if (stat(name, &wal) == 0 && wal.st_size > 0)
        return sph_fail(err, SPH_EIO,
                        "a write-ahead log lies beside a file that cannot be written");
    SPH_TRY(sph_str_copy(name, sizeof(name), SPH_LIT("file:"), err), err, "path");
    size_t len = 5;
    for (const char *c = path; *c; c++) {
        const bool plain = *c != '?' && *c != '#' && *c != '%';
        SPH_TRY(sph_str_format(name + len, sizeof(name) - len, err, plain ? "%c" : "%%%02x",
                               (unsigned char)*c),
                err, "path");
        len += plain ? 1 : 3;
    }
    SPH_TRY(sph_str_copy(name + len, sizeof(name) - len, SPH_LIT("?immutable=1"), err), err,
            "path");
    return connect_as(name, SPH_DB_READER, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, out, err);
}

sph_rc sph_db_connect(const char *path, enum sph_db_role role, bool create, sph_db **out,
                      sph_err *err)
{
    if (!path || path[0] != '/')
        return sph_fail(err, SPH_EARG, "the path of a database must be absolute");
    /* SQLite would make the file by umask; -wal and -shm take over its mode. */
    const int file = create ? open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (create && file < 0)
        return sph_fail(err, SPH_EIO, "the database file cannot be made");
    if (file >= 0)
        close(file);
    if (access(path, F_OK) != 0)
        return sph_fail(err, SPH_ENOTFOUND, "no database file");
    if (role != SPH_DB_READER)
        return connect_as(path, role, SQLITE_OPEN_READWRITE, out, err);
    const sph_rc rc = connect_as(path, role, SQLITE_OPEN_READONLY, out, err);
    if (rc.code != SPH_EIO)
        return rc;
    sph_err_clear(err);
    return connect_immutable(path, out, err);
}

sph_rc sph_db_version(sph_db *db, int *out, sph_err *err)
{
    sph_stmt *stmt = NULL;
    bool row = false;
    SPH_TRY(sph_stmt_get(db, "PRAGMA user_version", &stmt, err), err, "schema version");
    SPH_TRY(sph_stmt_step(stmt, &row, err), err, "schema version");
    const int version = row ? (int)sph_col_int(stmt, 0) : 0;
    sph_stmt_end(stmt);
    *out = version;
    return sph_ok();
}

sph_rc sph_db_open(const char *path, enum sph_db_role role, sph_db **out, sph_err *err)
{
    __attribute__((cleanup(sph_db_close))) sph_db *db = NULL;
    int version = 0;
    SPH_TRY(sph_db_connect(path, role, false, &db, err), err, "connecting");
    SPH_TRY(sph_db_version(db, &version, err), err, "schema version");
    if (version == 0 && role != SPH_DB_MAINTENANCE)
        return sph_fail(err, SPH_ENOTFOUND, "the database has no tables yet");
    if (version > SPH_DB_VERSION)
        return sph_fail(err, SPH_EUNSUPPORTED, "schema version %d, this program knows %d", version,
                        SPH_DB_VERSION);
    if (role == SPH_DB_READER || role == SPH_DB_WRITER)
        SPH_TRY(sph_db_check_guards(db, err), err, "guards of the ledger tables");
    sph_db_drop_statements(db); /* nothing prepared before the allow-list stays */
    SPH_TRY(sph_db_authorize(db, err), err, "allow-list");
    *out = sph_move(db);
    return sph_ok();
}

void sph_db_close(sph_db **db)
{
    if (!db || !*db)
        return;
    sph_db_drop_statements(*db);
    sqlite3_close_v2((*db)->at);
    sph_mem_free(*db);
    *db = NULL;
}

int64_t sph_db_wal_pages(const sph_db *db)
{
    return db->wal_pages;
}

sph_rc sph_db_wal_checkpoint(sph_db *db, bool truncate, sph_err *err)
{
    const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int in_log = 0, moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(db->at, NULL, mode, &in_log, &moved);
    if (code != SQLITE_OK)
        return sph_db_error(db->at, code, "moving the write-ahead log", err);
    if (truncate || in_log == moved)
        db->wal_pages = 0;
    return sph_ok();
}
