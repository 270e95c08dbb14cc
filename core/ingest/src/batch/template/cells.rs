//! What a template takes a cell for. A cell is a text: it never equals a number and is never more or less than one, and it
//! is true wherever it is not empty, so that "0", "no" and "false" are true.
//!
//! Promise: a comparison that could only ever go one way is a fault of the template; a cell that says no where only being
//! there is asked for is a fault of its row. Bound: the depth that the parser allows.

use minijinja::machinery::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};
use minijinja::machinery::parse;
use minijinja::value::ValueKind;

use super::jinja::ROW;

/// Filters whose result is a number, whatever they are given.
const NUMBERS: [&str; 5] = ["int", "float", "round", "abs", "length"];
/// Tests that ask for a number.
const NUMBER_TESTS: [&str; 3] = ["odd", "even", "divisibleby"];
/// What a cell says that is there and means no.
const NO: [&str; 3] = ["0", "no", "false"];

/// A cell that means no, as far as all can agree.
pub(super) fn says_no(cell: &str) -> bool {
    NO.iter().any(|no| cell.trim().eq_ignore_ascii_case(no))
}

/// What was found in a template.
#[derive(Default)]
pub(super) struct Cells {
    /// A comparison that goes one way in every row: where in octets, and its cure.
    pub(super) fault: Option<(usize, String)>,
    /// Names of columns that stand alone as a condition, as they are written.
    pub(super) conditions: Vec<String>,
}

/// Looks through a template; one that cannot be read says so elsewhere.
pub(super) fn of(text: &str) -> Cells {
    let mut search = Search {
        text,
        found: Cells::default(),
    };
    if let Ok(template) = parse(text, "template", Default::default(), Default::default()) {
        search.statement(&template);
    }
    search.found
}

/// What an expression is, as far as can be seen.
#[derive(PartialEq, Eq)]
enum Is {
    /// A cell, or a text that was made of one.
    Text,
    Number,
    TrueOrFalse,
    Unknown,
}

struct Search<'t> {
    text: &'t str,
    found: Cells,
}

impl Search<'_> {
    fn statement(&mut self, statement: &Stmt<'_>) {
        match statement {
            Stmt::Template(template) => self.all(&template.children),
            Stmt::EmitExpr(emit) => self.expression(&emit.expr),
            Stmt::IfCond(condition) => {
                self.condition(&condition.expr);
                self.all(&condition.true_body);
                self.all(&condition.false_body);
            }
            // No other statement is read here.
            _ => {}
        }
    }

    fn all(&mut self, statements: &[Stmt<'_>]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    /// An expression of which only its truth counts.
    fn condition(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::UnaryOp(it) if matches!(it.op, UnaryOpKind::Not) => self.condition(&it.expr),
            Expr::BinOp(it) if matches!(it.op, BinOpKind::ScAnd | BinOpKind::ScOr) => {
                self.condition(&it.left);
                self.condition(&it.right);
            }
            _ => match column(expression) {
                Some(name) => self.found.conditions.push(name.to_owned()),
                None => self.expression(expression),
            },
        }
    }

    fn expression(&mut self, expression: &Expr<'_>) {
        match expression {
            Expr::UnaryOp(it) => self.expression(&it.expr),
            Expr::BinOp(it) => {
                use BinOpKind::{Eq, Gt, Gte, In, Lt, Lte, Ne};
                if matches!(it.op, In) {
                    self.look_in(&it.left, &it.right);
                }
                if matches!(it.op, Eq | Ne | Lt | Lte | Gt | Gte) {
                    self.compare(&it.left, &it.right);
                }
                self.expression(&it.left);
                self.expression(&it.right);
            }
            Expr::Compare(it) => {
                let mut left = &it.expr;
                self.expression(left);
                for next in &it.ops {
                    match next.op {
                        CompareOpKind::In | CompareOpKind::NotIn => {
                            self.look_in(left, &next.expr);
                        }
                        _ => self.compare(left, &next.expr),
                    }
                    left = &next.expr;
                    self.expression(left);
                }
            }
            Expr::IfExpr(it) => {
                self.condition(&it.test_expr);
                self.expression(&it.true_expr);
                it.false_expr.iter().for_each(|it| self.expression(it));
            }
            Expr::Filter(it) => {
                it.expr.iter().for_each(|it| self.expression(it));
                self.arguments(&it.args);
            }
            Expr::Test(it) => {
                if NUMBER_TESTS.contains(&it.name) && is(&it.expr) == Is::Text {
                    let cell = self.written(&it.expr);
                    let cure = format!("`{cell}` is a text; write {cell}|int is {}", it.name);
                    self.fault(start_of(&it.expr), cure);
                }
                if let ("eq" | "ne", Some(CallArg::Pos(other))) = (it.name, it.args.first()) {
                    self.compare(&it.expr, other);
                }
                self.expression(&it.expr);
                self.arguments(&it.args);
            }
            Expr::List(it) => it.items.iter().for_each(|it| self.expression(it)),
            _ => {}
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'_>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(it)
                | CallArg::Kwarg(_, it)
                | CallArg::PosSplat(it)
                | CallArg::KwargSplat(it) => self.expression(it),
            }
        }
    }

    fn look_in(&mut self, one: &Expr<'_>, all: &Expr<'_>) {
        if let Expr::List(all) = all {
            all.items.iter().for_each(|it| self.compare(one, it));
        }
    }

    fn compare(&mut self, left: &Expr<'_>, right: &Expr<'_>) {
        let (cell, other) = match (is(left), is(right)) {
            (Is::Text, Is::Number | Is::TrueOrFalse) => (left, right),
            (Is::Number | Is::TrueOrFalse, Is::Text) => (right, left),
            _ => return,
        };
        let (text, number) = (self.written(cell), self.written(other));
        let cure = match (is(other), cell) {
            (Is::TrueOrFalse, _) => format!(
                "`{text}` is a text and never {number}; write {text} is yes, or compare it with what stands in the column, in quotes"
            ),
            (_, Expr::Const(_)) => format!(
                "`{number}` is a number and {text} a text, which are never equal; leave the quotes out"
            ),
            _ => format!(
                "`{text}` is a text and {number} a number, which are never equal, nor one more than the other; write {text}|int"
            ),
        };
        self.fault(start_of(cell), cure);
    }

    /// How an expression stands in the template.
    fn written(&self, expression: &Expr<'_>) -> String {
        let (start, end) = (start_of(expression), expression.span().end_offset as usize);
        self.text
            .get(start..end)
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    fn fault(&mut self, octet: usize, cure: String) {
        self.found.fault.get_or_insert((octet, cure));
    }
}

/// Where an expression begins, in octets; the place of a filter is behind what it is given.
fn start_of(expression: &Expr<'_>) -> usize {
    let inner = match expression {
        Expr::Filter(it) => it.expr.as_ref(),
        Expr::GetAttr(it) => Some(&it.expr),
        Expr::GetItem(it) => Some(&it.expr),
        Expr::BinOp(it) => Some(&it.left),
        _ => None,
    };
    let own = expression.span().start_offset as usize;
    inner.map_or(own, |inner| own.min(start_of(inner)))
}

/// The column that an expression is, and nothing else.
fn column<'a>(expression: &Expr<'a>) -> Option<&'a str> {
    let is_row = |it: &Expr<'_>| matches!(it, Expr::Var(it) if it.id == ROW);
    match expression {
        Expr::Var(it) if it.id != ROW => Some(it.id),
        Expr::GetAttr(it) if is_row(&it.expr) => Some(it.name),
        _ => None,
    }
}

fn is(expression: &Expr<'_>) -> Is {
    match expression {
        Expr::Var(_) | Expr::GetAttr(_) | Expr::GetItem(_) => Is::Text,
        Expr::Const(it) => match it.value.kind() {
            ValueKind::Number => Is::Number,
            ValueKind::Bool => Is::TrueOrFalse,
            ValueKind::String => Is::Text,
            _ => Is::Unknown,
        },
        Expr::UnaryOp(it) if matches!(it.op, UnaryOpKind::Neg) => Is::Number,
        Expr::Filter(it) if NUMBERS.contains(&it.name) => Is::Number,
        // A default is for a cell that is empty; another is the text that it was.
        Expr::Filter(it) if matches!(it.name, "default" | "d") => match &it.expr {
            Some(it) => is(it),
            None => Is::Unknown,
        },
        Expr::Filter(_) => Is::Text,
        Expr::BinOp(it) if matches!(it.op, BinOpKind::Concat) => Is::Text,
        _ => Is::Unknown,
    }
}
