// W of consecutive samples (simulations/likelihood_ratio.py) by its three methods. A kernel adds
// its part of W to out[i], integers, so that any split over threads gives the same bits.

__device__ __forceinline__ void add_to(i64* sum, i64 part) {
    atomicAdd((unsigned long long*)sum, (unsigned long long)part);
}

// The samples run along x, so that the threads of a warp read the same table entries; the parts of
// a sample run along y.
struct Part {
    i64 first, last;
};

__device__ __forceinline__ Part part_of(i64 num_blocks, i64 blocks_each) {
    const i64 first = (i64)blockIdx.y * blocks_each, last = first + blocks_each;
    return {first, last < num_blocks ? last : num_blocks};
}

// -log((2 r + 1) / 2^32) for r < 2^31 in float32, from the nearer end: u = 1 - y or 2^-e (1 - y).
__device__ __forceinline__ float negative_log_32(u32 r) {
    const u32 above = r ^ 0x7FFFFFFFu, nearer = r < above ? r : above;
    const float t = (float)(i32)nearer + 0.5f;
    const u32 bits = __float_as_uint(t);
    const bool upper = above <= r;
    const float fraction = __uint_as_float((bits & 0x007FFFFFu) | 0x3F000000u);
    const float y = upper ? t * (1.0f / 2147483648.0f) : 1.0f - fraction;
    const i32 exponent = upper ? 0 : 157 - (i32)(bits >> 23);
    const float series = degree_seven(y, LOG_32_SERIES);
    return (float)exponent * LOG_2_SINGLE + (y + (y * y) * series);
}

// D of one coordinate from its word. A padding coordinate has threshold 2^31 and length 0.
__device__ __forceinline__ i32 cells_of(u32 word, u32 threshold, i32 length, float per_scale) {
    // Without the top bit, which only tells whether D is 0: the log needs no branch.
    const float x = negative_log_32(word & 0x7FFFFFFFu) * per_scale;
    i32 cells = (i32)(x < 33554432.0f ? x : 33554432.0f);
    cells = cells > 1 ? cells : 1;
    cells = cells < length - 1 ? cells : length - 1;
    cells = word < threshold ? length : cells;
    return word < 0x80000000u ? cells : 0;
}

extern "C" __global__ void sums_direct(
    i64* out, i64 num_samples, const uint4* thresholds, const int4* lengths, i64 num_blocks,
    i64 blocks_each, float cells_per_scale, u64 first_sample, u32 tag, u32 key_0, u32 key_1) {
    const i64 i = thread_index();
    if (i >= num_samples) return;
    const Part part = part_of(num_blocks, blocks_each);
    const float c = cells_per_scale;
    i64 sum = 0;
    for (i64 b = part.first; b < part.last; ++b) {
        const uint4 w = philox(first_sample + (u64)i, (u32)b, tag, key_0, key_1);
        const uint4 t = thresholds[b];
        const int4 l = lengths[b];
        // At most 2^25 each, so four of them fit.
        sum += cells_of(w.x, t.x, l.x, c) + cells_of(w.y, t.y, l.y, c)
             + cells_of(w.z, t.z, l.z, c) + cells_of(w.w, t.w, l.w, c);
    }
    add_to(out + i, sum);
}

// The sum of l_j over the bits 1 of the signs. The pieces of word s are first_piece[s], ...,
// first_piece[s + 1] - 1: a mask of coordinates of one group, and their length.
extern "C" __global__ void sums_signs(
    i64* out, i64 num_samples, const u32* masks, const i32* lengths, const i32* first_piece,
    i64 num_blocks, i64 blocks_each, u64 first_sample, u32 tag, u32 key_0, u32 key_1) {
    const i64 i = thread_index();
    if (i >= num_samples) return;
    const Part part = part_of(num_blocks, blocks_each);
    i64 sum = 0;
    for (i64 b = part.first; b < part.last; ++b) {
        const uint4 words = philox(first_sample + (u64)i, (u32)b, tag, key_0, key_1);
        i32 piece = first_piece[4 * b];
        for (u32 lane = 0; lane < 4; ++lane) {
            const u32 word = word_of(words, lane);
            const i32 end = first_piece[4 * b + lane + 1];
            // At most 32 coordinates of 2^25 cells each: below 2^31.
            for (; piece < end; ++piece) sum += __popc(word & masks[piece]) * lengths[piece];
        }
    }
    add_to(out + i, sum);
}

// The empty cells before the next point, floor(-log(u) per_scale): u from the first two words.
__device__ __forceinline__ i64 gap_of(const uint4& words, double per_scale) {
    const u64 wide = (u64)words.y << 32 | words.x;
    const double gap = negative_log(2 * (i64)(wide >> 12) + 1, 53) * per_scale;
    const double longest = 4611686018427387904.0;  // 2^62, beyond every cell
    return (i64)(gap < longest ? gap : longest);
}

// What a coordinate whose first point lies `offset` cells behind its start has less than l.
__device__ __forceinline__ i64 cells_missing(i64 length, i64 offset) {
    return length - (offset > 1 ? offset : 1);
}

// The first group from `group` on whose end lies beyond the cell, which is one of the cells.
__device__ __forceinline__ i64 group_of(const i64* ends, i64 group, i64 num_groups, i64 cell) {
    i64 last = num_groups - 1;
    while (group < last) {
        const i64 middle = group + (last - group) / 2;
        if (cell < ends[middle]) last = middle; else group = middle + 1;
    }
    return group;
}

// Takes off W what the points take off: the hits whose bit is 1.
extern "C" __global__ void sums_points(
    i64* out, i64 num_samples, const i64* lengths, const i64* cell_ends,
    const i64* first_coordinate, i64 num_groups, double cells_per_scale, u64 first_sample,
    u32 points_tag, u32 signs_tag, u32 key_0, u32 key_1) {
    const i64 i = thread_index();
    if (i >= num_samples) return;
    const u64 sample = first_sample + (u64)i;
    const i64 total = cell_ends[num_groups - 1];
    i64 missing = 0, cell = -1, group = 0, last_hit = -1;
    for (u32 p = 0;; ++p) {
        cell += 1 + gap_of(philox(sample, p, points_tag, key_0, key_1), cells_per_scale);
        if (cell >= total) break;
        group = group_of(cell_ends, group, num_groups, cell);
        const i64 length = lengths[group];
        const i64 cell_in_group = cell - (group > 0 ? cell_ends[group - 1] : 0);
        const i64 index = cell_in_group / length;
        const i64 coordinate = first_coordinate[group] + index;
        if (coordinate == last_hit) continue;
        last_hit = coordinate;
        const uint4 signs = philox(sample, (u32)(coordinate / 128), signs_tag, key_0, key_1);
        const u32 word = word_of(signs, (u32)(coordinate / 32) & 3);
        if (word >> ((u32)coordinate & 31) & 1) {
            missing += cells_missing(length, cell_in_group - index * length);
        }
    }
    add_to(out + i, -missing);
}

// A group's binomial number from a word of 64 bits (simulations/kernels/binomial_table.py): its row
// of the layout is least, begin, end, guide_begin, shift.
__device__ __forceinline__ i64 positives_of(
    const i64* layout, const u64* entries, const i32* guide, u64 word) {
    const i64 begin = layout[1], end = layout[2];
    i64 i = guide[layout[3] + (i64)(word >> layout[4])];
    while (i < end && entries[i] <= word) ++i;
    return layout[0] + (i - begin);
}

// W by the number of positive coordinates of each group and the points that hit them.
extern "C" __global__ void sums_counts(
    i64* out, i64 num_samples, const i64* lengths, const i64* sizes, const i64* layout,
    const u64* entries, const i32* guide, i64 num_groups, double cells_per_scale, u64 first_sample,
    u32 points_tag, u32 counts_tag, u32 key_0, u32 key_1) {
    const i64 i = thread_index();
    if (i >= num_samples) return;
    const u64 sample = first_sample + (u64)i;
    u32 p = 0;
    uint4 point = philox(sample, p, points_tag, key_0, key_1);
    i64 sum = 0, cell = gap_of(point, cells_per_scale);  // relative to the group's first cell
    for (i64 group = 0; group < num_groups; ++group) {
        const i64 length = lengths[group], size = sizes[group];
        const uint4 words = philox(sample, (u32)(group / 2), counts_tag, key_0, key_1);
        const u64 word = group & 1 ? (u64)words.w << 32 | words.z : (u64)words.y << 32 | words.x;
        const i64 positive = positives_of(layout + 5 * group, entries, guide, word);
        sum += length * positive;
        i64 hits = 0, positive_hits = 0, last_hit = -1;
        while (cell < length * size) {
            const i64 index = cell / length;
            if (index != last_hit) {
                last_hit = index;
                const i64 place = (i64)((u64)point.z * (u64)(size - hits) >> 32);
                ++hits;
                if (place < positive - positive_hits) {
                    ++positive_hits;
                    sum -= cells_missing(length, cell - index * length);
                }
            }
            point = philox(sample, ++p, points_tag, key_0, key_1);
            cell += 1 + gap_of(point, cells_per_scale);
        }
        cell -= length * size;
    }
    add_to(out + i, sum);
}
