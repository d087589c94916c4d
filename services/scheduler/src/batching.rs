//! Questions to the coordinator that wait together go together: while some are on their way, the next ones gather, so that calls are as few as
//! the coordinator is busy. Nothing waits for company.
//!
//! Knows nothing about what is asked; every question gets an answer, whatever becomes of its call.

use std::{future::Future, sync::Arc};

use tokio::sync::{Semaphore, mpsc, oneshot};

/// How large calls may be, and how many are made at once.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Questions in one call.
    pub questions: usize,
    /// Weight of all questions of one call; one of any weight goes alone.
    pub weight: usize,
    /// Calls at once.
    pub calls: usize,
}

/// Where questions are put. Dropping it ends the calls once those that wait are answered.
#[derive(Debug)]
pub struct Batcher<Q, A> {
    sender: mpsc::Sender<(Q, oneshot::Sender<A>)>,
}

impl<Q, A> Clone for Batcher<Q, A> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone() }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// `call` answers for every question, in their order; an answer that is missing is `None` to who asked.
    pub fn start<F>(bounds: Bounds, weigh: fn(&Q) -> usize, call: impl Fn(Vec<Q>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let (sender, waiting) = mpsc::channel(bounds.questions);
        tokio::spawn(serve(bounds, weigh, call, waiting));
        Self { sender }
    }

    /// Asks; `None` = it was not answered.
    pub async fn ask(&self, question: Q) -> Option<A> {
        let (reply, answer) = oneshot::channel();
        self.sender.send((question, reply)).await.ok()?;
        answer.await.ok()
    }
}

async fn serve<Q: Send + 'static, A: Send + 'static, F>(
    bounds: Bounds,
    weigh: fn(&Q) -> usize,
    call: impl Fn(Vec<Q>) -> F + Send + 'static,
    mut waiting: mpsc::Receiver<(Q, oneshot::Sender<A>)>,
) where
    F: Future<Output = Vec<A>> + Send + 'static,
{
    let calls = Arc::new(Semaphore::new(bounds.calls));
    let mut held = None;
    loop {
        // First a place for the call, then the questions: what waits for a place gathers meanwhile. The semaphore is never closed.
        let Ok(place) = Arc::clone(&calls).acquire_owned().await else { return };
        let first = match held.take() {
            Some(first) => first,
            None => match waiting.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        let mut weight = weigh(&first.0);
        let (mut questions, mut replies) = (vec![first.0], vec![first.1]);
        while questions.len() < bounds.questions
            && let Ok((question, reply)) = waiting.try_recv()
        {
            weight += weigh(&question);
            if weight > bounds.weight {
                held = Some((question, reply));
                break;
            }
            questions.push(question);
            replies.push(reply);
        }
        let answers = call(questions);
        tokio::spawn(async move {
            for (reply, answer) in replies.into_iter().zip(answers.await) {
                // Who asked may be gone.
                let _ = reply.send(answer);
            }
            drop(place);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const BOUNDS: Bounds = Bounds { questions: 4, weight: 10, calls: 1 };

    /// Answers with the question; says which questions went together once the gate is open.
    fn batcher(gate: &Arc<Semaphore>, seen: &Arc<Mutex<Vec<Vec<usize>>>>) -> Batcher<usize, usize> {
        let (gate, seen) = (Arc::clone(gate), Arc::clone(seen));
        Batcher::start(
            BOUNDS,
            |question| *question,
            move |questions: Vec<usize>| {
                let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
                async move {
                    gate.acquire().await.unwrap().forget();
                    seen.lock().unwrap().push(questions.clone());
                    questions
                }
            },
        )
    }

    #[tokio::test]
    async fn what_waits_goes_together_within_the_bounds_and_everybody_is_answered() {
        let (gate, seen) = (Arc::new(Semaphore::new(0)), Arc::default());
        let batcher = batcher(&gate, &seen);
        let asked = [1, 2, 3, 4, 1, 5, 5, 90, 1].map(|question| {
            let batcher = batcher.clone();
            async move { batcher.ask(question).await }
        });
        let open = async {
            // All that fits has been asked by the time that everything else waits.
            tokio::task::yield_now().await;
            gate.add_permits(100);
        };
        let (answers, ()) = tokio::join!(futures::future::join_all(asked), open);
        assert_eq!(answers, [1, 2, 3, 4, 1, 5, 5, 90, 1].map(Some));
        let seen = seen.lock().unwrap();
        let weights: Vec<usize> = seen.iter().map(|batch| batch.iter().sum()).collect();
        assert!(seen.len() < 9, "something went together: {seen:?}");
        assert!(seen.iter().zip(&weights).all(|(batch, weight)| batch.len() == 1 || *weight <= 10), "{seen:?}");
        assert_eq!(seen.concat(), [1, 2, 3, 4, 1, 5, 5, 90, 1]);
    }

    #[tokio::test]
    async fn a_question_that_its_call_leaves_out_has_no_answer() {
        let batcher = Batcher::start(BOUNDS, |_: &usize| 1, |_: Vec<usize>| async move { Vec::<usize>::new() });
        assert_eq!(batcher.ask(1).await, None);
        assert_eq!(batcher.ask(2).await, None, "and the next ones are asked");
    }
}
