//! The workloads in turmoil's idiom, which is tokio's: an RPC over its TcpStream, with frames behind
//! their length; messages as datagrams over its UdpSocket, which spares it the connections.

use crate::workload::{NODES, PERIOD, Payload, SEED, SLEEPERS, Tally, nap};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time;
use turmoil::net::{TcpListener, TcpStream, UdpSocket};
use turmoil::{Builder, Sim};

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

const PORT: u16 = 1;
/// The first byte of a datagram.
const REQUEST: u8 = 0;
const REPLY: u8 = 1;

fn simulation() -> Sim<'static> {
    Builder::new()
        .rng_seed(SEED)
        .min_message_latency(Duration::from_millis(1))
        .max_message_latency(Duration::from_millis(10))
        .simulation_duration(Duration::from_secs(1 << 30))
        .udp_capacity(1 << 16)
        .build()
}

fn name(node: u32) -> String {
    format!("node-{node}")
}

async fn write(stream: &mut TcpStream, frame: &mut Vec<u8>, payload: &Payload) -> io::Result<()> {
    frame.clear();
    frame.extend([0; 4]);
    *frame = postcard::to_extend(payload, std::mem::take(frame)).map_err(io::Error::other)?;
    let length = (frame.len() - 4) as u32;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    stream.write_all(frame).await
}

async fn read(stream: &mut TcpStream, frame: &mut Vec<u8>) -> io::Result<Payload> {
    frame.resize(stream.read_u32().await? as usize, 0);
    stream.read_exact(frame).await?;
    postcard::from_bytes(frame).map_err(io::Error::other)
}

async fn serve() -> Result {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut frame = Vec::new();
            while let Ok(payload) = read(&mut stream, &mut frame).await {
                write(&mut stream, &mut frame, &payload).await.expect("the client listens");
            }
        });
    }
}

pub fn rpc(calls: u64) -> u64 {
    let mut simulation = simulation();
    simulation.host(name(1), serve);
    simulation.client("client", async move {
        let mut stream = TcpStream::connect((name(1), PORT)).await?;
        let mut frame = Vec::new();
        for _ in 0..calls {
            let payload = Payload::sample();
            write(&mut stream, &mut frame, &payload).await?;
            assert_eq!(read(&mut stream, &mut frame).await?, payload);
        }
        Ok(())
    });
    simulation.run().expect("the run finishes");
    calls
}

pub fn messages(seconds: u64) -> u64 {
    let tally = Tally::default();
    let mut simulation = simulation();
    for node in 1..=NODES {
        let tally = tally.clone();
        simulation.host(name(node), move || all_to_all(node, tally.clone()));
    }
    run_for(&mut simulation, seconds);
    tally.count()
}

async fn all_to_all(node: u32, tally: Tally) -> Result {
    let socket = Arc::new(UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)).await?);
    tokio::spawn(receive(socket.clone(), tally));
    let peers: Vec<_> =
        (1..=NODES).filter(|peer| *peer != node).map(|peer| (turmoil::lookup(name(peer)), PORT)).collect();
    let mut ticks = time::interval_at(time::Instant::now() + PERIOD, PERIOD);
    loop {
        ticks.tick().await;
        for peer in &peers {
            let request = postcard::to_extend(&Payload::sample(), vec![REQUEST])?;
            socket.send_to(&request, *peer).await?;
        }
    }
}

/// Answers requests and reads replies.
async fn receive(socket: Arc<UdpSocket>, tally: Tally) {
    let mut buffer = [0; 256];
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.expect("the socket is open");
        let payload: Payload = postcard::from_bytes(&buffer[1..length]).expect("a payload deserialises");
        tally.one();
        if buffer[0] == REQUEST {
            let reply = postcard::to_extend(&payload, vec![REPLY]).expect("a payload serialises");
            socket.send_to(&reply, from).await.expect("the socket is open");
        }
    }
}

pub fn timers(seconds: u64) -> u64 {
    let tally = Tally::default();
    let count = tally.clone();
    let mut simulation = simulation();
    simulation.host("sleepers", move || {
        let tally = tally.clone();
        async move {
            for task in 0..SLEEPERS {
                let tally = tally.clone();
                tokio::spawn(async move {
                    for number in 0.. {
                        time::sleep(nap(task, number)).await;
                        tally.one();
                    }
                });
            }
            std::future::pending().await
        }
    });
    run_for(&mut simulation, seconds);
    count.count()
}

fn run_for(simulation: &mut Sim<'_>, seconds: u64) {
    simulation.client("clock", async move {
        time::sleep(Duration::from_secs(seconds)).await;
        Ok(())
    });
    simulation.run().expect("the run finishes");
}
