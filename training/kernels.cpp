// Two operations that decide how long a training step takes, forward and backward, float32, channels last:
// the depthwise convolution along time and the local lead attention. For training only.
//
// PyTorch runs the first as k multiply-adds over whole tensors and the second over rearranged copies and all
// pairs of time steps; here each row stays in the cache (measured: together they make a step of the edge
// preset four times shorter).
//
// N batch * leads, B batch, L leads, T time steps, C channels, K taps, h heads, c = C / h, P = 2 * reach + 1.

#include <torch/extension.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <vector>

using torch::Tensor;
using Floats = std::vector<float>;

static void check(const Tensor& x) {
  TORCH_CHECK(x.is_contiguous() && x.scalar_type() == torch::kFloat32, "kernels expect contiguous float32 tensors");
}

static void multiplyAdd(float* __restrict sum, const float* __restrict a, const float* __restrict b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += a[i] * b[i];
}

static void scaleAdd(float* __restrict sum, float a, const float* __restrict b, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += a * b[i];
}

static float dot(const float* __restrict a, const float* __restrict b, int64_t n) {
  float sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// ---- Depthwise convolution: x [N, T, C], weight [K, C], bias [C] or empty -> y [N, T', C] ----
// Zeros as padding; y is LeakyReLU(slope) of the sum, slope 1 for none.

struct Conv {
  int64_t rows, steps, channels, taps, stride, pad, outSteps;
};

static Conv convOf(const Tensor& x, const Tensor& weight, int64_t stride, int64_t pad) {
  check(x);
  check(weight);
  TORCH_CHECK(x.size(2) == weight.size(1), "depthwise expects as many channels in x as in weight");
  const int64_t taps = weight.size(0);
  return {x.size(0), x.size(1), x.size(2), taps, stride, pad, (x.size(1) + 2 * pad - taps) / stride + 1};
}

Tensor depthwiseForward(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride, int64_t pad,
                        double slope) {
  const Conv s = convOf(x, weight, stride, pad);
  Tensor y = torch::empty({s.rows, s.outSteps, s.channels}, x.options());
  const float *in = x.data_ptr<float>(), *w = weight.data_ptr<float>();
  const float* b = bias.numel() ? bias.data_ptr<float>() : nullptr;
  float* out = y.data_ptr<float>();
  const float negative = static_cast<float>(slope);
  at::parallel_for(0, s.rows, 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      for (int64_t t = 0; t < s.outSteps; ++t) {
        float* sum = out + (n * s.outSteps + t) * s.channels;
        if (b) std::copy_n(b, s.channels, sum);
        else std::fill_n(sum, s.channels, 0.f);
        for (int64_t j = 0; j < s.taps; ++j) {
          const int64_t from = t * stride - pad + j;
          if (from < 0 || from >= s.steps) continue;
          multiplyAdd(sum, w + j * s.channels, in + (n * s.steps + from) * s.channels, s.channels);
        }
        if (negative != 1.f)
          for (int64_t i = 0; i < s.channels; ++i) sum[i] = sum[i] > 0.f ? sum[i] : negative * sum[i];
      }
    }
  });
  return y;
}

// Gradients of x, weight and bias; the sign of y stands for the sign before LeakyReLU.
std::vector<Tensor> depthwiseBackward(const Tensor& x, const Tensor& weight, const Tensor& y, const Tensor& gradY,
                                      int64_t stride, int64_t pad, double slope) {
  const Conv s = convOf(x, weight, stride, pad);
  check(gradY);
  Tensor gradX = torch::empty_like(x), gradWeight = torch::zeros_like(weight);
  Tensor gradBias = torch::zeros({s.channels}, x.options());
  const float *in = x.data_ptr<float>(), *w = weight.data_ptr<float>();
  const int64_t outRow = s.outSteps * s.channels;
  const float negative = static_cast<float>(slope);
  std::mutex joining;
  at::parallel_for(0, s.rows, 1, [&](int64_t begin, int64_t end) {
    Floats gw(s.taps * s.channels), gb(s.channels), g(outRow);
    for (int64_t n = begin; n < end; ++n) {
      const float *out = y.data_ptr<float>() + n * outRow, *upstream = gradY.data_ptr<float>() + n * outRow;
      for (int64_t i = 0; i < outRow; ++i) g[i] = out[i] > 0.f ? upstream[i] : negative * upstream[i];
      for (int64_t t = 0; t < s.outSteps; ++t) scaleAdd(gb.data(), 1.f, g.data() + t * s.channels, s.channels);
      float* gx = gradX.data_ptr<float>() + n * s.steps * s.channels;
      std::fill_n(gx, s.steps * s.channels, 0.f);
      for (int64_t t = 0; t < s.outSteps; ++t) {
        const float* gt = g.data() + t * s.channels;
        for (int64_t j = 0; j < s.taps; ++j) {
          const int64_t from = t * stride - pad + j;
          if (from < 0 || from >= s.steps) continue;
          multiplyAdd(gx + from * s.channels, w + j * s.channels, gt, s.channels);
          multiplyAdd(gw.data() + j * s.channels, in + (n * s.steps + from) * s.channels, gt, s.channels);
        }
      }
    }
    const std::lock_guard<std::mutex> lock(joining);
    scaleAdd(gradWeight.data_ptr<float>(), 1.f, gw.data(), s.taps * s.channels);
    scaleAdd(gradBias.data_ptr<float>(), 1.f, gb.data(), s.channels);
  });
  return {gradX, gradWeight, gradBias};
}

// ---- Local attention: q, k, v [B, L, T, C] -> o [B, L, T, C] and the weights p [B, h, T, P] ----
// A time step sees those at most `reach` away. With `published` the flat index l * c + i of a head's
// output is read back as (channel, lead): the authors' lead order.

struct Attention {
  int64_t batch, leads, steps, channels, heads, width, reach, token;
  std::vector<int64_t> place;  // where each value of an output token is read back
  int64_t at(int64_t b, int64_t l, int64_t t, int64_t m) const {
    return ((b * leads + l) * steps + t) * channels + m * width;
  }
  int64_t first(int64_t t) const { return std::max<int64_t>(0, t - reach); }
  int64_t end(int64_t t) const { return std::min(steps, t + reach + 1); }
};

static Attention attentionOf(const Tensor& q, int64_t heads, int64_t reach, bool published) {
  check(q);
  const int64_t leads = q.size(1), steps = q.size(2), channels = q.size(3), width = channels / heads;
  std::vector<int64_t> place(leads * width);
  for (int64_t f = 0; f < leads * width; ++f) place[f] = published ? f % leads * width + f / leads : f;
  return {q.size(0), leads, steps, channels, heads, width, reach, leads * width, place};
}

// One head of one record as tokens [T, L * c], and back.
static void gather(const Attention& s, const Tensor& x, int64_t b, int64_t m, Floats& tokens) {
  const float* from = x.data_ptr<float>();
  for (int64_t l = 0; l < s.leads; ++l)
    for (int64_t t = 0; t < s.steps; ++t)
      for (int64_t i = 0; i < s.width; ++i) tokens[t * s.token + l * s.width + i] = from[s.at(b, l, t, m) + i];
}

static void scatter(const Attention& s, const Floats& tokens, int64_t b, int64_t m, Tensor& x) {
  float* to = x.data_ptr<float>();
  for (int64_t l = 0; l < s.leads; ++l)
    for (int64_t t = 0; t < s.steps; ++t)
      for (int64_t i = 0; i < s.width; ++i) to[s.at(b, l, t, m) + i] = tokens[t * s.token + l * s.width + i];
}

std::vector<Tensor> attentionForward(const Tensor& q, const Tensor& k, const Tensor& v, int64_t heads, int64_t reach,
                                     bool published) {
  const Attention s = attentionOf(q, heads, reach, published);
  const int64_t span = 2 * reach + 1, size = s.steps * s.token;
  const float scale = 1.f / std::sqrt(static_cast<float>(s.width));
  Tensor o = torch::empty_like(q), p = torch::zeros({s.batch, heads, s.steps, span}, q.options());
  check(k);
  check(v);
  float* allWeights = p.data_ptr<float>();
  at::parallel_for(0, s.batch * heads, 1, [&](int64_t begin, int64_t stop) {
    Floats tq(size), tk(size), tv(size), to(size), sum(s.token);
    for (int64_t pair = begin; pair < stop; ++pair) {
      const int64_t b = pair / heads, m = pair % heads;
      gather(s, q, b, m, tq);
      gather(s, k, b, m, tk);
      gather(s, v, b, m, tv);
      for (int64_t t = 0; t < s.steps; ++t) {
        float* weights = allWeights + (pair * s.steps + t) * span + reach - t;  // indexed by u
        float highest = -INFINITY, total = 0;
        for (int64_t u = s.first(t); u < s.end(t); ++u) {
          weights[u] = scale * dot(&tq[t * s.token], &tk[u * s.token], s.token);
          highest = std::max(highest, weights[u]);
        }
        for (int64_t u = s.first(t); u < s.end(t); ++u) total += weights[u] = std::exp(weights[u] - highest);
        std::fill(sum.begin(), sum.end(), 0.f);
        for (int64_t u = s.first(t); u < s.end(t); ++u) {
          weights[u] /= total;
          scaleAdd(sum.data(), weights[u], &tv[u * s.token], s.token);
        }
        for (int64_t f = 0; f < s.token; ++f) to[t * s.token + s.place[f]] = sum[f];
      }
      scatter(s, to, b, m, o);
    }
  });
  return {o, p};
}

std::vector<Tensor> attentionBackward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& p,
                                      const Tensor& gradO, int64_t heads, int64_t reach, bool published) {
  const Attention s = attentionOf(q, heads, reach, published);
  check(gradO);
  const int64_t span = 2 * reach + 1, size = s.steps * s.token;
  const float scale = 1.f / std::sqrt(static_cast<float>(s.width));
  Tensor gradQ = torch::empty_like(q), gradK = torch::empty_like(k), gradV = torch::empty_like(v);
  const float* allWeights = p.data_ptr<float>();
  at::parallel_for(0, s.batch * heads, 1, [&](int64_t begin, int64_t stop) {
    Floats tq(size), tk(size), tv(size), to(size), gq(size), gk(size), gv(size), go(s.token), slope(span);
    for (int64_t pair = begin; pair < stop; ++pair) {
      const int64_t b = pair / heads, m = pair % heads;
      gather(s, q, b, m, tq);
      gather(s, k, b, m, tk);
      gather(s, v, b, m, tv);
      gather(s, gradO, b, m, to);
      for (Floats* gradient : {&gq, &gk, &gv}) std::fill(gradient->begin(), gradient->end(), 0.f);
      for (int64_t t = 0; t < s.steps; ++t) {
        for (int64_t f = 0; f < s.token; ++f) go[f] = to[t * s.token + s.place[f]];
        const float* weights = allWeights + (pair * s.steps + t) * span;
        const int64_t shift = reach - t;
        float mean = 0;
        for (int64_t u = s.first(t); u < s.end(t); ++u) {
          scaleAdd(&gv[u * s.token], weights[u + shift], go.data(), s.token);
          slope[u + shift] = dot(go.data(), &tv[u * s.token], s.token);
          mean += weights[u + shift] * slope[u + shift];
        }
        for (int64_t u = s.first(t); u < s.end(t); ++u) {
          const float gradScore = scale * weights[u + shift] * (slope[u + shift] - mean);
          scaleAdd(&gq[t * s.token], gradScore, &tk[u * s.token], s.token);
          scaleAdd(&gk[u * s.token], gradScore, &tq[t * s.token], s.token);
        }
      }
      scatter(s, gq, b, m, gradQ);
      scatter(s, gk, b, m, gradK);
      scatter(s, gv, b, m, gradV);
    }
  });
  return {gradQ, gradK, gradV};
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("depthwise_forward", &depthwiseForward);
  m.def("depthwise_backward", &depthwiseBackward);
  m.def("attention_forward", &attentionForward);
  m.def("attention_backward", &attentionBackward);
}
