// Package layered lays out a directed graph, such as a network, in layers (Sugiyama, Tagawa and Toda, 1981): longest
// paths give the layers, barycentres their order, and least squares the places in them. Layers go from top to bottom,
// in as many columns as a picture of the wanted shape needs. The result depends on nothing but the graph.
package layered
