/* Gives a fuzz target every file of its corpus without libFuzzer, so that what
 * was found once is tried at every test run. Each seed is also cut short at many
 * places and changed at many bytes: the same ones at every run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

enum {
    SEED_MAX_BYTES = 1024 * 1024,
    SEED_PLACES = 512,         /* where a seed is cut or changed, at most */
    MUTATION_MAX_RUNS = 50000, /* of one target */
};

/* In a block of exactly its size, for the sanitizer to see a byte too many. */
static void try_input(const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    memcpy(copy, data, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void try_mutations(uint8_t *seed, size_t len, size_t *left)
{
    static const uint8_t masks[] = {0x01, 0x20, 0x80, 0xff};
    size_t stride = len / SEED_PLACES + 1;

    for (size_t at = 0; at < len && *left; at += stride) {
        try_input(seed, at);
        (*left)--;
        for (size_t i = 0; i < sizeof(masks) && *left; i++) {
            seed[at] ^= masks[i];
            try_input(seed, len);
            seed[at] ^= masks[i];
            (*left)--;
        }
    }
}

/* Reads and tries one seed; false when it cannot be read whole. */
static int try_seed(const char *path, uint8_t *room, size_t *left)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file) {
        perror(path);
        return 0;
    }
    len = fread(room, 1, SEED_MAX_BYTES, file);
    fclose(file);
    if (len == SEED_MAX_BYTES) {
        fprintf(stderr, "%s: too long for a seed\n", path);
        return 0;
    }
    try_input(room, len);
    try_mutations(room, len, left);
    return 1;
}

static int is_seed(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    static uint8_t room[SEED_MAX_BYTES];
    struct dirent **entries = NULL;
    size_t left = MUTATION_MAX_RUNS;
    int count, good = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    count = scandir(argv[1], &entries, is_seed, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: no seeds\n", argv[1]);
        free(entries);
        return 1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];

        snprintf(path, sizeof(path), "%s/%s", argv[1], entries[i]->d_name);
        good += try_seed(path, room, &left);
        free(entries[i]);
    }
    free(entries);
    printf("%d seeds, %zu mutations\n", good, MUTATION_MAX_RUNS - left);
    return good == count ? 0 : 1;
}
