// Noise by inversion, operation for operation as in simulations/kernels/numpy_reference.py.

// atanh(s)/s - 1 at z = s^2.
__device__ __forceinline__ double log_series(double z) {
    double tail = 1.0 / 15.0 + z * (1.0 / 17.0 + z * (1.0 / 19.0 + z * (1.0 / 21.0)));
    tail = 1.0 / 9.0 + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * tail));
    return z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * tail)));
}

// c0 + c1 x + ... + c7 x^7 by Horner's rule.
template <typename T>
__device__ __forceinline__ T degree_seven(T x, T c0, T c1, T c2, T c3, T c4, T c5, T c6, T c7) {
    const T upper = ((c7 * x + c6) * x + c5) * x + c4;
    return (((upper * x + c3) * x + c2) * x + c1) * x + c0;
}

// -log(m / 2^power) for integers 1 <= m < 2^53.
__device__ __forceinline__ double negative_log(i64 m, i64 power) {
    const i64 bits = __double_as_longlong((double)m);
    // Arithmetic shifts: the difference is negative below 1, and the shift rounds down.
    const i64 exponent = (bits - SQRT_HALF_BITS) >> MANTISSA_BITS;
    const double mantissa = __longlong_as_double(bits - exponent * ((i64)1 << MANTISSA_BITS));
    const double centred = mantissa - 1.0;
    const double s = centred / (mantissa + 1.0);
    const double twice = s + s;
    const double log_mantissa = twice + twice * log_series(s * s);
    const double count = (double)(power - exponent);
    return count * LOG_2_HIGH + (count * LOG_2_LOW - log_mantissa);
}

// 2 min(w, 2^32 - 1 - w) + 1.
__device__ __forceinline__ i64 odd_numerator(u32 word) {
    const u32 nearer = word < ~word ? word : ~word;
    return 2 * (i64)nearer + 1;
}

__device__ __forceinline__ double gaussian_size(i64 m) {
    const double offset = (double)(((i64)1 << 32) - m) * (1.0 / 8589934592.0);
    if (offset <= CENTRE) {
        const double r = CENTRE_SQUARED - offset * offset;
        return offset * degree_seven(r, CENTRE_NUMERATOR) / degree_seven(r, CENTRE_DENOMINATOR);
    }
    const double r = sqrt(negative_log(m, 33)) - TAIL_SHIFT;
    return degree_seven(r, TAIL_NUMERATOR) / degree_seven(r, TAIL_DENOMINATOR);
}

__device__ __forceinline__ double noise_of(u32 word, i32 kind, double parameter) {
    const i64 m = odd_numerator(word);
    double size;
    if (kind == KIND_LAPLACE) {
        size = negative_log(m, 32);
    } else if (kind == KIND_GAUSSIAN) {
        size = gaussian_size(m);
    } else {
        size = (double)(((i64)1 << 32) - m) * (1.0 / 4294967296.0);
    }
    size = parameter * size;
    return word < 0x80000000u ? -size : size;
}

// out[i][j] = the noise of word j of sample first_sample + i: a thread for each block.
extern "C" __global__ void fill_noise(
    double* out, i64 num_samples, i64 dim, i32 kind, double parameter, u64 first_sample, u32 tag,
    u32 key_0, u32 key_1) {
    const i64 blocks = (dim + 3) / 4, t = thread_index();
    const i64 i = t / blocks, b = t - i * blocks;
    if (i >= num_samples) return;
    const uint4 words = philox(first_sample + (u64)i, (u32)b, tag, key_0, key_1);
    double* row = out + i * dim;
    for (u32 lane = 0; lane < 4 && 4 * b + lane < dim; ++lane) {
        row[4 * b + lane] = noise_of(word_of(words, lane), kind, parameter);
    }
}
