/* fuzz: what a fuzz target offers, to libFuzzer or to replay_main.c. */
#ifndef WEIR_TESTS_FUZZ_FUZZ_H
#define WEIR_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Takes any bytes; answers 0. Whatever is wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
