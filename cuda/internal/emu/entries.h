// The kernels of kernels.cu, in its order. A test compares this list with the .entry list of the PTX.
ENTRY(choose_grids)
ENTRY(fake_quant)
ENTRY(fake_quant_of)
ENTRY(select_weights)
ENTRY(topk_bits)
ENTRY(pack16)
ENTRY(unpack16)
