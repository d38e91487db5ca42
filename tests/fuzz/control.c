/* The control that must fail: a planted out-of-bounds read behind four bytes that only a
 * coverage-guided fuzzer finds soon. tests/fuzz/run.sh reports a failure of its own when this is
 * not caught. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || data[0] != 'S' || data[1] != 'P' || data[2] != 'L')
        return 0;
    uint8_t *block = calloc(1, 16);
    if (!block)
        return 0;
    const volatile uint8_t *at = block;
    const int result = at[data[3] % 20]; /* the fault: 16 to 19 lie outside */
    free(block);
    return result < 0 ? 1 : 0;
}
