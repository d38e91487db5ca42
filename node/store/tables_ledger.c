#include "store/tables_ledger.h"

/* A guard on each way in. BEFORE INSERT closes what BEFORE UPDATE and BEFORE DELETE leave open:
 * INSERT OR REPLACE fires no delete trigger while recursive_triggers is off, and UPSERT and UPDATE
 * OR REPLACE are further ways. Tests: guard_* in tests/unit/store. */
#define NO_UPDATE(table)                                                                           \
    {                                                                                              \
        table "_u", "CREATE TRIGGER " table "_u BEFORE UPDATE ON " table                           \
                    " BEGIN SELECT RAISE(ABORT,'append-only'); END"                                \
    }
#define NO_DELETE(table, name)                                                                     \
    {                                                                                              \
        name, "CREATE TRIGGER " name " BEFORE DELETE ON " table                                    \
              " BEGIN SELECT RAISE(ABORT,'append-only'); END"                                      \
    }

const struct sph_table_row sph_tables_ledger[] = {
    {"leaf", "CREATE TABLE leaf(idx INTEGER PRIMARY KEY,"
             " body BLOB NOT NULL CHECK(length(body) BETWEEN 178 AND 65535)) STRICT"},
    /* key = level<<48 | n, full tiles only */
    {"tile", "CREATE TABLE tile(key INTEGER PRIMARY KEY,"
             " hashes BLOB NOT NULL CHECK(length(hashes)=8192)) STRICT"},
    {"checkpoint", "CREATE TABLE checkpoint(size INTEGER PRIMARY KEY CHECK(size>0),"
                   " root BLOB NOT NULL CHECK(length(root)=32), note BLOB NOT NULL) STRICT"},
    {"cosig", "CREATE TABLE cosig(size INTEGER NOT NULL REFERENCES checkpoint(size),"
              " name TEXT NOT NULL, keyid BLOB NOT NULL CHECK(length(keyid)=4),"
              " ts INTEGER NOT NULL, line TEXT NOT NULL, PRIMARY KEY(size,name,keyid,ts)) STRICT"},
    {"peer_head", "CREATE TABLE peer_head(origin TEXT PRIMARY KEY, size INTEGER NOT NULL,"
                  " root BLOB NOT NULL CHECK(length(root)=32), note BLOB NOT NULL,"
                  " seen_ms INTEGER NOT NULL) STRICT"},
    /* Work list, at most three an origin. */
    {"head_pending", "CREATE TABLE head_pending(origin TEXT NOT NULL, size INTEGER NOT NULL,"
                     " root BLOB NOT NULL CHECK(length(root)=32), note BLOB NOT NULL,"
                     " seen_ms INTEGER NOT NULL, PRIMARY KEY(origin,size)) STRICT"},
    NO_UPDATE("leaf"),
    NO_UPDATE("tile"),
    NO_UPDATE("checkpoint"),
    NO_UPDATE("cosig"),
    NO_DELETE("leaf", "leaf_d"),
    NO_DELETE("tile", "tile_d"),
    NO_DELETE("checkpoint", "checkpoint_d"),
    NO_DELETE("cosig", "cosig_d"),
    {"leaf_i", "CREATE TRIGGER leaf_i BEFORE INSERT ON leaf"
               " WHEN NEW.idx IS NOT (SELECT COALESCE(MAX(idx)+1,0) FROM leaf)"
               " BEGIN SELECT RAISE(ABORT,'gap'); END"},
    {"tile_i", "CREATE TRIGGER tile_i BEFORE INSERT ON tile"
               " WHEN EXISTS(SELECT 1 FROM tile WHERE key=NEW.key)"
               " BEGIN SELECT RAISE(ABORT,'exists'); END"},
    {"checkpoint_i", "CREATE TRIGGER checkpoint_i BEFORE INSERT ON checkpoint"
                     " WHEN NEW.size <= (SELECT COALESCE(MAX(size),0) FROM checkpoint)"
                     " BEGIN SELECT RAISE(ABORT,'not growing'); END"},
    {"cosig_i", "CREATE TRIGGER cosig_i BEFORE INSERT ON cosig"
                " WHEN EXISTS(SELECT 1 FROM cosig WHERE size=NEW.size AND name=NEW.name"
                " AND keyid=NEW.keyid AND ts=NEW.ts)"
                " BEGIN SELECT RAISE(ABORT,'exists'); END"},
    {"peer_i", "CREATE TRIGGER peer_i BEFORE INSERT ON peer_head"
               " WHEN EXISTS(SELECT 1 FROM peer_head WHERE origin=NEW.origin)"
               " BEGIN SELECT RAISE(ABORT,'exists'); END"},
    NO_DELETE("peer_head", "peer_d"),
    {"peer_u", "CREATE TRIGGER peer_u BEFORE UPDATE ON peer_head"
               " WHEN NEW.origin IS NOT OLD.origin OR NEW.size<OLD.size"
               " OR (NEW.size=OLD.size AND NEW.root IS NOT OLD.root)"
               " BEGIN SELECT RAISE(ABORT,'rollback'); END"},
};
const size_t sph_tables_ledger_count = sizeof(sph_tables_ledger) / sizeof(sph_tables_ledger[0]);

const char *const sph_tables_secrets[] = {
    "CREATE TABLE secret(id BLOB PRIMARY KEY CHECK(length(id)=16), epoch INTEGER NOT NULL,"
    " wrapped BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE pseudonym(user TEXT PRIMARY KEY,"
    " code BLOB NOT NULL UNIQUE CHECK(length(code)=16)) STRICT, WITHOUT ROWID",
    NULL,
};
