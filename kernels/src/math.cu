// Functions that emitted modules call, one per operator that PTX has no
// accurate instruction for. CUDA's own library throughout: within two units in
// the last place in f32 and f64, subnormals, infinities and NaN included, and
// never --use_fast_math.

#define FUNCTION extern "C" __device__ __noinline__

FUNCTION float ge_exp_f32(float x) { return expf(x); }
FUNCTION float ge_log_f32(float x) { return logf(x); }
FUNCTION float ge_log1p_f32(float x) { return log1pf(x); }
FUNCTION float ge_sin_f32(float x) { return sinf(x); }
FUNCTION float ge_cos_f32(float x) { return cosf(x); }
FUNCTION float ge_erf_f32(float x) { return erff(x); }
FUNCTION float ge_tanh_f32(float x) { return tanhf(x); }
FUNCTION float ge_pow_f32(float x, float y) { return powf(x, y); }

FUNCTION double ge_exp_f64(double x) { return exp(x); }
FUNCTION double ge_log_f64(double x) { return log(x); }
FUNCTION double ge_log1p_f64(double x) { return log1p(x); }
FUNCTION double ge_sin_f64(double x) { return sin(x); }
FUNCTION double ge_cos_f64(double x) { return cos(x); }
FUNCTION double ge_erf_f64(double x) { return erf(x); }
FUNCTION double ge_tanh_f64(double x) { return tanh(x); }
FUNCTION double ge_pow_f64(double x, double y) { return pow(x, y); }

// 1/(1+e^-x). The exponential's argument is never positive, so it cannot
// overflow, and far below zero the result is the small number itself.
FUNCTION float ge_sigmoid_f32(float x) {
    float e = expf(-fabsf(x));
    return (x < 0 ? e : 1.0f) / (1.0f + e);
}
FUNCTION double ge_sigmoid_f64(double x) {
    double e = exp(-fabs(x));
    return (x < 0 ? e : 1.0) / (1.0 + e);
}

// ln(1+e^x) = max(x, 0) + ln(1+e^-|x|). The comparison, unlike fmaxf, passes
// on a NaN.
FUNCTION float ge_softplus_f32(float x) {
    return (x < 0 ? 0.0f : x) + log1pf(expf(-fabsf(x)));
}
FUNCTION double ge_softplus_f64(double x) {
    return (x < 0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}
