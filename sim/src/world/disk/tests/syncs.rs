//! What an fsync covers and what not, read off the image that holds nothing but what is durable.

use super::*;
use crate::units::Ppm;

fn paths(host: &Host) -> Vec<String> {
    host.disk.durable_files().into_keys().collect()
}

/// Two durable directories, `d` and `e`.
fn two_directories() -> Host {
    let mut host = Host::calm(1);
    host.make_directory("d").unwrap();
    host.make_directory("e").unwrap();
    host.sync_directory(".").unwrap();
    host
}

fn failing(host: &mut Host, sync: impl Fn(&mut Host) -> DiskResult) {
    for weather in [
        DiskWeather { sync_error_ppm: Ppm::ALWAYS, ..DiskWeather::default() },
        DiskWeather { error_ppm: Ppm::ALWAYS, ..DiskWeather::default() },
    ] {
        host.disk.set_weather(weather);
        assert_eq!(sync(host), Err(DiskError::Device));
    }
    host.disk.set_weather(DiskWeather::default());
}

#[test]
fn neither_a_close_nor_a_cut_at_open_is_durable_without_an_fsync() {
    let mut host = Host::calm(1);
    let file = host.durable("a", b"old");
    host.write(file, 0, b"new").unwrap();
    host.ask(DiskRequest::Close { file }).unwrap();
    assert_eq!(host.disk.durable_files()["a"], b"old");
    let file = host.open_as("a", OpenMode { truncate: true, ..ANY }).unwrap();
    assert_eq!(host.disk.durable_files()["a"], b"old");
    host.sync(file).unwrap();
    assert_eq!(host.disk.durable_files()["a"], b"");
}

#[test]
fn a_directory_sync_covers_its_own_names_alone_and_no_content() {
    let mut host = two_directories();
    for path in ["d/a", "e/a"] {
        let file = host.open(path);
        host.write(file, 0, b"x").unwrap();
    }
    host.sync_directory("d").unwrap();
    assert_eq!(host.disk.durable_files(), [("d/a".to_string(), Vec::new())].into());
}

#[test]
fn a_rename_across_directories_is_made_durable_by_the_sync_of_either() {
    for either in ["d", "e"] {
        let mut host = two_directories();
        host.durable("d/a", b"x");
        host.rename("d/a", "e/b").unwrap();
        assert_eq!(paths(&host), ["d/a"]);
        host.sync_directory(either).unwrap();
        assert_eq!(paths(&host), ["e/b"]);
    }
}

#[test]
fn a_sync_of_a_rename_over_a_directory_loses_nothing_that_left_it() {
    let mut host = two_directories();
    for directory in ["d/inner", "d/other"] {
        host.make_directory(directory).unwrap();
    }
    host.sync_directory("d").unwrap();
    host.durable("d/inner/a", b"x");
    host.rename("d/inner/a", "e/a").unwrap();
    host.rename("d/other", "d/inner").unwrap();
    host.sync_directory("d").unwrap();
    assert_eq!(paths(&host), ["e/a"]);
}

#[test]
fn an_image_with_a_rename_over_a_directory_loses_nothing_that_left_it() {
    let story = |host: &mut Host| {
        for directory in ["d", "e", "other"] {
            host.make_directory(directory).unwrap();
        }
        host.sync_directory(".").unwrap();
        host.durable("d/a", b"x");
        host.rename("d/a", "e/a").unwrap();
        host.rename("other", "d").unwrap();
    };
    assert_eq!(count(story, |host| host.whole("d/a").is_some() != host.whole("e/a").is_some()), 400);
}

#[test]
fn a_failed_directory_sync_strikes_the_names_of_that_directory_alone() {
    let mut host = two_directories();
    host.open("d/a");
    host.open("e/a");
    failing(&mut host, |host| host.sync_directory("d"));
    host.sync_directory("d").unwrap();
    host.sync_directory("e").unwrap();
    assert_eq!(paths(&host), ["e/a"]);
}

#[test]
fn a_sync_of_a_directorys_handle_fails_as_that_of_its_path() {
    let mut host = two_directories();
    host.open("d/a");
    let handle = host.open_as("d", READ).unwrap();
    failing(&mut host, |host| host.sync(handle));
    host.sync(handle).unwrap();
    host.open("d/b");
    host.sync(handle).unwrap();
    assert_eq!(paths(&host), ["d/b"]);
}

#[test]
fn a_name_that_a_failed_sync_covered_is_saved_with_a_later_one_that_needs_it() {
    let mut host = two_directories();
    host.open("d/a");
    failing(&mut host, |host| host.sync_directory("d"));
    host.rename("d/a", "d/b").unwrap();
    host.sync_directory("d").unwrap();
    for incarnation in 1..50 {
        let mut after = host.clone();
        after.disk.power_loss(Incarnation(incarnation), true);
        assert_eq!(paths(&after), ["d/b"]);
    }
}

#[test]
fn no_number_of_later_fsyncs_saves_what_a_failed_one_covered() {
    let mut host = Host::calm(1);
    let file = host.durable("a", &[1; 8_192]);
    host.write(file, 0, &[2; 100]).unwrap();
    failing(&mut host, |host| host.sync(file));
    for round in 0..3 {
        host.write(file, 5_000 + round, b"x").unwrap();
        host.sync(file).unwrap();
        assert_eq!(host.disk.durable_files()["a"][..100], [1; 100]);
        assert_eq!(host.disk.durable_files()["a"][5_000 + round as usize], b'x');
    }
}

#[test]
fn a_file_that_moved_into_new_directories_is_saved_with_the_names_on_the_way() {
    let story = |host: &mut Host| {
        host.durable("a", b"x");
        host.make_directory("new").unwrap();
        host.make_directory("new/deep").unwrap();
        host.rename("a", "new/deep/a").unwrap();
    };
    for either in [".", "new/deep"] {
        let mut host = Host::calm(1);
        story(&mut host);
        host.sync_directory(either).unwrap();
        assert_eq!(paths(&host), ["new/deep/a"]);
    }
    assert_eq!(count(story, |host| host.whole("a").is_some() != host.whole("new/deep/a").is_some()), 400);
}
