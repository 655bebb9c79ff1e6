// Philox4x32-10 and the kernels that hand out its words.
//
// The sources here are one translation unit, put together by simulations/kernels/cuda_device.py,
// which writes the constants in capitals (PHILOX_*, LOG_*, CENTRE_*, ...) in front of them, taken
// from the NumPy reference. No fused multiply-add, no fast division or square root, no library
// function but sqrt, so that each operation is the reference's one IEEE operation. No shared
// memory and nothing between the threads of a warp: a C++ compiler makes the same code for a
// processor, which is how it is tested without a device.

typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;

static_assert(sizeof(u32) == 4 && sizeof(u64) == 8, "u32 and u64 have 32 and 64 bits");

// simulations.philox.permute on the counter (sample, block, tag) and the key.
__device__ __forceinline__ uint4 philox(u64 sample, u32 block, u32 tag, u32 key_0, u32 key_1) {
    u32 c0 = (u32)sample, c1 = (u32)(sample >> 32), c2 = block, c3 = tag;
    for (int round = 0; round < PHILOX_ROUNDS; ++round) {
        const u64 product_0 = (u64)PHILOX_MULTIPLIER_0 * c0;
        const u64 product_1 = (u64)PHILOX_MULTIPLIER_1 * c2;
        c0 = (u32)(product_1 >> 32) ^ c1 ^ key_0;
        c1 = (u32)product_1;
        c2 = (u32)(product_0 >> 32) ^ c3 ^ key_1;
        c3 = (u32)product_0;
        key_0 += PHILOX_WEYL_0;
        key_1 += PHILOX_WEYL_1;
    }
    return make_uint4(c0, c1, c2, c3);
}

__device__ __forceinline__ u32 word_of(const uint4& block, u32 lane) {
    return lane == 0 ? block.x : lane == 1 ? block.y : lane == 2 ? block.z : block.w;
}

__device__ __forceinline__ i64 thread_index() {
    return (i64)blockIdx.x * blockDim.x + threadIdx.x;
}

// out[i][j] = word j of sample first_sample + i: a thread for each block of four words.
extern "C" __global__ void fill_words(
    u32* out, i64 num_samples, i64 dim, u64 first_sample, u32 tag, u32 key_0, u32 key_1) {
    const i64 blocks = (dim + 3) / 4, t = thread_index();
    const i64 i = t / blocks, b = t - i * blocks;
    if (i >= num_samples) return;
    const uint4 words = philox(first_sample + (u64)i, (u32)b, tag, key_0, key_1);
    u32* row = out + i * dim;
    for (u32 lane = 0; lane < 4 && 4 * b + lane < dim; ++lane) {
        row[4 * b + lane] = word_of(words, lane);
    }
}

// out[i] = the exclusive or of the words of so many blocks: what the generator alone costs.
extern "C" __global__ void fold_words(
    u32* out, i64 num_samples, i64 blocks, u64 first_sample, u32 tag, u32 key_0, u32 key_1) {
    const i64 i = thread_index();
    if (i >= num_samples) return;
    u32 folded = 0;
    for (i64 b = 0; b < blocks; ++b) {
        const uint4 w = philox(first_sample + (u64)i, (u32)b, tag, key_0, key_1);
        folded ^= w.x ^ w.y ^ w.z ^ w.w;
    }
    out[i] = folded;
}
