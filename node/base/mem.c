/* The only callers of calloc, realloc and free in Saphan: tests fail the n-th of them by --wrap. */
#include "base/bytes.h"

#include <malloc.h>
#include <stdlib.h>

void *sph_mem_new(size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return calloc(1, bytes == 0 ? 1 : bytes);
}

void *sph_mem_resize(void *at, size_t count, size_t size)
{
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return realloc(at, bytes == 0 ? 1 : bytes); /* realloc(at, 0) would free the old block */
}

void sph_mem_free(void *at)
{
    free(at);
}

void sph_mem_tune(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
}
