//! The `pathscope` program.

use std::process::ExitCode;

use pathscope::lab;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let Some((command, rest)) = args.get(1..).and_then(<[String]>::split_first) else {
        return ExitCode::SUCCESS;
    };
    match command.as_str() {
        lab::HOST_ARGUMENT => lab::host_main(),
        lab::APP_ARGUMENT => lab::app_main(rest.iter().cloned()),
        "lab-demo" => demo(rest.first().map_or("handover", String::as_str)),
        "lab-crowd" => crowd(rest),
        _ => ExitCode::from(2),
    }
}

fn crowd(args: &[String]) -> ExitCode {
    let number = |n: usize| args.get(n).and_then(|a| a.parse().ok()).unwrap_or(0);
    let o = lab::CrowdOptions {
        connections: number(0),
        busy: number(1),
        churn_per_second: number(2),
        plain_tcp: number(3),
        ..Default::default()
    };
    let t = std::time::Instant::now();
    match lab::become_able().and_then(|()| lab::Crowd::start(&o)) {
        Ok(lab) => {
            eprintln!("up after {:?}", t.elapsed());
            println!("{}", lab.netns().display());
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let t = std::time::Instant::now();
            drop(lab);
            eprintln!("down after {:?}", t.elapsed());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("pathscope: {error}");
            ExitCode::FAILURE
        }
    }
}

fn demo(name: &str) -> ExitCode {
    let Some(scenario) = lab::scenario(name) else {
        return ExitCode::from(2);
    };
    let started = lab::become_able().and_then(|()| lab::Lab::start(scenario, &lab::Options::default()));
    match started {
        Ok(lab) => {
            println!("{}", lab.netns().display());
            // Until standard input ends.
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("pathscope: {error}");
            ExitCode::FAILURE
        }
    }
}
