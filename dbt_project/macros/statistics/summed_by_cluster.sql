{#
    Rows of accounts and blocks, summed by cluster: a query with one row per combination of `by`.

    `products` are columns that add up. `leverages` gives by the name of a column, the share in period effects (see
    jackknife_ratio), the denominator to which it belongs. Within a block the shares of a cluster's accounts add up, as their
    weights in a period do; over several blocks they are averaged by the denominators. `counted` are columns that hold an
    account's number: they come out as `n_<column>s`, how many there are, counted in each block. Rows that are `is_single` are all
    that their cluster has, and are handed on as they are, which spares most of the time.
#}
{% macro summed_by_cluster(rows, by, products, leverages, counted) -%}
    select
        {{ by | join(', ') }},
        {% for column in products + (leverages | list) %}
        {{ column }},
        {% endfor %}
        {% for account in counted %}
        {{ as_count('case when ' ~ account ~ ' is null then 0 else 1 end') }} as n_{{ account }}s{{ ',' if not loop.last }}
        {% endfor %}
    from {{ rows }}
    where is_single
    union all
    select
        {{ by | join(', ') }},
        {% for product in products %}
        {{ exact_sum(product) }} as {{ product }},
        {% endfor %}
        {% for leverage, denominator in leverages.items() %}
        coalesce(
            {{ exact_sum(leverage ~ ' * ' ~ denominator) }} / nullif({{ exact_sum(denominator) }}, 0), max({{ leverage }})
        ) as {{ leverage }},
        {% endfor %}
        {% for account in counted %}
        {{ as_count('sum(n_' ~ account ~ 's)') }} as n_{{ account }}s{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            {{ by | join(', ') }},
            block_number,
            {% for product in products %}
            {{ exact_sum(product) }} as {{ product }},
            {% endfor %}
            {% for leverage in leverages %}
            {{ exact_sum(leverage) }} as {{ leverage }},
            {% endfor %}
            {% for account in counted %}
            count({{ account }}) as n_{{ account }}s{{ ',' if not loop.last }}
            {% endfor %}
        from {{ rows }}
        where not is_single
        group by {{ by | join(', ') }}, block_number
    ) as blocks_of_clusters
    group by {{ by | join(', ') }}
{%- endmacro %}
