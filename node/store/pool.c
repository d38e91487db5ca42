#include "store/db_impl.h"

#include <pthread.h>

#define POOL_MOST 64

struct sph_db_pool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    char *path;
    unsigned most, open; /* open = given out or idle */
    unsigned idle_count;
    sph_db *idle[POOL_MOST];
};

sph_rc sph_db_pool_new(const char *path, unsigned most, sph_db_pool **out, sph_err *err)
{
    if (most == 0 || most > POOL_MOST)
        return sph_fail(err, SPH_EARG, "%u readers, 1 to %u are possible", most, POOL_MOST);
    SPH_AUTO_STR *copy = NULL;
    SPH_TRY(sph_str_dup(sph_slice_str(path), &copy, err), err, "path");
    sph_db_pool *pool = sph_mem_new(1, sizeof(*pool));
    if (!pool)
        return sph_fail(err, SPH_ENOMEM, "a pool of readers");
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    pool->path = sph_move(copy);
    pool->most = most;
    *out = pool;
    return sph_ok();
}

void sph_db_pool_free(sph_db_pool **pool)
{
    if (!pool || !*pool)
        return;
    for (unsigned i = 0; i < (*pool)->idle_count; i++)
        sph_db_close(&(*pool)->idle[i]);
    pthread_cond_destroy(&(*pool)->returned);
    pthread_mutex_destroy(&(*pool)->lock);
    sph_str_free(&(*pool)->path);
    sph_mem_free(*pool);
    *pool = NULL;
}

/* An idle connection, or the right to open one (NULL). The newest idle one first: its pages are
 * warm. */
static sph_db *claim(sph_db_pool *pool)
{
    sph_db *db = NULL;
    pthread_mutex_lock(&pool->lock);
    while (pool->idle_count == 0 && pool->open == pool->most)
        pthread_cond_wait(&pool->returned, &pool->lock);
    if (pool->idle_count > 0)
        db = pool->idle[--pool->idle_count];
    else
        pool->open++;
    pthread_mutex_unlock(&pool->lock);
    return db;
}

sph_rc sph_db_pool_get(sph_db_pool *pool, sph_db **out, sph_err *err)
{
    sph_db *db = claim(pool);
    if (db) {
        *out = db;
        return sph_ok();
    }
    const sph_rc rc = sph_db_open(pool->path, SPH_DB_READER, out, err);
    if (rc.code != SPH_OK) {
        pthread_mutex_lock(&pool->lock);
        pool->open--;
        pthread_cond_signal(&pool->returned);
        pthread_mutex_unlock(&pool->lock);
    }
    return rc;
}

void sph_db_pool_put(sph_db_pool *pool, sph_db *db)
{
    if (!db)
        return;
    sph_db_rollback(db);
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = db;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}
