// The kernels of integer.cu, in its order.
ENTRY(conv_s8)
ENTRY(conv_s16)
ENTRY(product_s8)
ENTRY(product_s16)
