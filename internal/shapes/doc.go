// Package shapes follows ranks and sizes through a graph, and counts the work of its operators.
package shapes
