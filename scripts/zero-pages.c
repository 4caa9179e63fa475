// Prints what ZeroPages+Steps.swift holds: for each 16 GiB of zero pages from FIRST on, the XOR of their parts of a digest,
// as if there were a page 0. clang -O3 -march=native -o zero-pages scripts/zero-pages.c && ./zero-pages PAGE_SIZE FIRST COUNT
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t lanes __attribute__((vector_size(64)));

static const uint64_t p1 = 0x9E3779B185EBCA87, p2 = 0xC2B2AE3D27D4EB4F, p3 = 0x165667B19E3779F9, p4 = 0x85EBCA77C2B2AE63;

static inline lanes rotate(lanes x, int n) { return (x << n) | (x >> (64 - n)); }

static inline lanes merge(lanes h, lanes lane) { return (h ^ (rotate(lane * p2, 31) * p1)) * p1 + p4; }

// XXH64 of eight pages of zeros, the seeds in `seed`.
static inline lanes hash(lanes seed, uint64_t size) {
    lanes a = seed + p1 + p2, b = seed + p2, c = seed, d = seed - p1;
    for (uint64_t round = 0; round < size / 32; round++) {
        a = rotate(a, 31) * p1;
        b = rotate(b, 31) * p1;
        c = rotate(c, 31) * p1;
        d = rotate(d, 31) * p1;
    }
    lanes h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
    h = merge(merge(merge(merge(h, a), b), c), d) + size;
    h = (h ^ (h >> 33)) * p2;
    h = (h ^ (h >> 29)) * p3;
    return h ^ (h >> 32);
}

int main(int argc, char **argv) {
    if (argc != 4) return 1;
    uint64_t size = strtoull(argv[1], 0, 10), first = strtoull(argv[2], 0, 10), count = strtoull(argv[3], 0, 10);
    uint64_t pages = (16ULL << 30) / size, start = first * pages;
    for (uint64_t step = 0; step < count; step++, start += pages) {
        lanes sum = {0}, seed = {0, 1, 2, 3, 4, 5, 6, 7};
        seed += start;
        for (uint64_t page = 0; page < pages; page += 8, seed += 8) sum ^= hash(seed, size);
        uint64_t all = 0;
        for (int lane = 0; lane < 8; lane++) all ^= sum[lane];
        printf("%016llx\n", (unsigned long long)all);
        fflush(stdout);
    }
}
