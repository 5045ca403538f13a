"""Connected components of links, in columns."""

import polars as pl

LINKS_SCHEMA = {"a": pl.Int64, "b": pl.Int64}


def find_components(links: pl.DataFrame) -> pl.DataFrame:
    """`node`, `root` of every node that is linked to another (`a`, `b`, of one integer type), by `node`.

    The root is the largest node of a component, and is listed with itself. Every node points to a larger one
    of its component, or to itself. As long as the two ends of a link point to different nodes, the smaller
    of these comes to point to the largest that it is linked to, and pointers are followed to their end, by
    doubling (after Shiloach and Vishkin, "An O(log n) parallel connectivity algorithm", 1982). Takes a few
    integers for each node and link.
    """
    links = links.filter(pl.col("a") != pl.col("b"))
    nodes = pl.concat([links["a"], links["b"]]).sort().unique(maintain_order=True)
    ends = [nodes.search_sorted(links[end]) for end in ("a", "b")]
    points_to = pl.int_range(len(nodes), dtype=pl.UInt32, eager=True)
    while not (hooks := _hook(*(points_to.gather(end) for end in ends))).is_empty():
        points_to.scatter(hooks["smaller"], hooks["larger"])
        while not (further := points_to.gather(points_to)).equals(points_to):
            points_to = further
    return pl.DataFrame({"node": nodes, "root": nodes.gather(points_to)})


def link_equals(frame: pl.DataFrame, node: str, *by: str) -> pl.DataFrame:
    """`a`, `b`: the nodes that are equal in some columns, the largest to each other; some more than once."""
    largest = pl.col(node).max().over(by)
    return frame.select(a=largest, b=node).filter(pl.col("a") != pl.col("b"))


def roots_of(nodes: pl.Series, links: pl.DataFrame) -> pl.Series:
    """The root of each node, which is its own where nothing is linked to it."""
    if links.is_empty():
        return nodes
    found = nodes.to_frame("node").join(find_components(links), on="node", how="left", maintain_order="left")
    return found["root"].fill_null(nodes)


def _hook(a: pl.Series, b: pl.Series) -> pl.DataFrame:
    """`smaller`, `larger` of links between different nodes; of those of one node, the largest comes last."""
    ends = pl.DataFrame({"a": a, "b": b}).filter(pl.col("a") != pl.col("b"))
    return ends.select(smaller=pl.min_horizontal("a", "b"), larger=pl.max_horizontal("a", "b")).sort("larger")
