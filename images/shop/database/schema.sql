-- The shop's tables. Prices are whole cents, so that no sum is ever rounded.

CREATE TABLE shelf (
    id    integer PRIMARY KEY,
    slug  text NOT NULL UNIQUE,
    title text NOT NULL,
    blurb text NOT NULL
);

CREATE TABLE product (
    id          integer PRIMARY KEY,
    shelf       integer NOT NULL REFERENCES shelf,
    name        text    NOT NULL,
    description text    NOT NULL,
    price_cents integer NOT NULL CHECK (price_cents > 0),
    stock       integer NOT NULL CHECK (stock >= 0)
);

CREATE TABLE review (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product    integer  NOT NULL REFERENCES product,
    author     text     NOT NULL,
    stars      smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body       text     NOT NULL,
    written_on date     NOT NULL
);

CREATE TABLE cart_line (
    cart     uuid    NOT NULL,
    product  integer NOT NULL REFERENCES product,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (cart, product)
);

CREATE INDEX product_by_shelf ON product (shelf);
CREATE INDEX review_by_product ON review (product);
