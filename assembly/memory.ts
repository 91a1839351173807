/** First byte that static data does not use. The caller owns everything from here on: kernels allocate nothing. */
export function heapBase(): usize {
  return __heap_base;
}
