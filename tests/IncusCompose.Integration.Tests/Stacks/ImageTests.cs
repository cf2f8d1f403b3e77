using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Diagnostics;
using IncusCompose.Integration.Tests.Lab;
using IncusCompose.Planning;

namespace IncusCompose.Integration.Tests.Stacks;

/// <summary>A second lab, which serves its image to the first one.</summary>
public sealed class ImageServerFixture : IAsyncLifetime
{
    /// <summary>The image server.</summary>
    public Lab.Lab Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await Lab.Lab.StartAsync($"images{Environment.ProcessId}", "--https");

    public async Task DisposeAsync()
    {
        if (Server is not null)
            await Server.DisposeAsync();
    }
}

/// <summary>Images from elsewhere: brought to the server once, before anything is created from them.</summary>
[Collection(LabCollection.Name)]
public sealed class ImageTests(LabFixture fixture, ImageServerFixture images) : IAsyncLifetime, IClassFixture<ImageServerFixture>
{
    private readonly string _stack = "images" + Guid.NewGuid().ToString("N")[..6];
    private StackWorkbench _bench = null!;

    private string Reference => $"{images.Server.Name}:busybox";

    public async Task InitializeAsync()
    {
        await fixture.Lab.VerbAsync("remote", images.Server.Name);
        _bench = await StackWorkbench.OpenAsync(fixture.Lab);
    }

    public async Task DisposeAsync()
    {
        var view = _bench.Client.ForProject(_stack);
        await _bench.Engine.ApplyAsync(view, await _bench.Engine.CompareRemovalAsync(view, _stack, new RemovalOptions { RemoveVolumes = true, RemoveImages = true }));
        await _bench.DisposeAsync();
        await fixture.Lab.IncusAsync("remote", "remove", images.Server.Name);
    }

    [Fact]
    public async Task One_image_is_fetched_once_for_all_its_instances_and_stays_until_told()
    {
        var file = File("one: {image: REF}\n  two: {image: REF}\n  three: {image: REF}");

        var result = await _bench.UpAsync(file);

        Assert.Equal(ChangeOutcome.Done, Assert.Single(result.Resources, resource => resource.Kind == "image").Outcome);
        var image = Assert.Single(await View().Images.ListAsync());
        Assert.Equal("busybox", image.UpdateSource?.Alias);
        Assert.All(await View().Instances.ListAsync(), instance => Assert.Equal(image.Fingerprint, instance.Config["volatile.base_image"]));

        var more = await _bench.UpAsync(file + "  four: {image: " + Reference + "}\n");
        Assert.Equal(ChangeOutcome.Unchanged, Assert.Single(more.Resources, resource => resource.Kind == "image").Outcome);

        await DownAsync(new RemovalOptions());
        Assert.Single(await View().Images.ListAsync());
        await fixture.Lab.IncusAsync("init", image.Fingerprint, "other", "--project", _stack, "--storage", "default");
        await DownAsync(new RemovalOptions { RemoveImages = true });
        Assert.Single(await View().Images.ListAsync());
        await fixture.Lab.IncusAsync("delete", "other", "--project", _stack);
        await DownAsync(new RemovalOptions { RemoveImages = true });
        Assert.Null(await _bench.Client.Projects.FindAsync(_stack));
    }

    [Fact]
    public async Task An_image_that_is_followed_is_asked_for_and_brought_once_its_alias_leads_elsewhere()
    {
        var file = File("one: {image: REF, pull_policy: always}").Replace(Reference, $"{images.Server.Name}:followed", StringComparison.Ordinal);
        await images.Server.IncusAsync("init", "busybox", "followed", "--storage", "default");
        try
        {
            await images.Server.IncusAsync("publish", "followed", "--alias", "followed", "--public");
            await _bench.UpAsync(file);
            var before = Assert.Single(await View().Images.ListAsync()).Fingerprint;

            await images.Server.IncusAsync("publish", "followed", "--alias", "followed", "--public", "--reuse", "description=newer");
            var now = (await FingerprintThereAsync())!;
            Assert.NotEqual(before, now);
            var plan = StackWorkbench.Text(await _bench.PlanAsync(file));
            Assert.Contains($"~ fingerprint: {before} -> {now}", plan, StringComparison.Ordinal);
            Assert.Contains("moved on", plan, StringComparison.Ordinal);
            // What runs stays as it is, until it may follow.
            await _bench.UpAsync(file);
            Assert.Equal(now, Assert.Single(await View().Images.ListAsync()).Fingerprint);
            Assert.Equal(before, (await View().Instances.GetAsync("one")).Value.Config["volatile.base_image"]);
            await _bench.UpAsync(file, new PlanOptions { AllowRebuild = true });
            Assert.Equal(now, (await View().Instances.GetAsync("one")).Value.Config["volatile.base_image"]);
        }
        finally
        {
            await images.Server.IncusAsync("delete", "followed");
        }
    }

    private async Task<string?> FingerprintThereAsync()
    {
        await using var there = await images.Server.ConnectAsync();
        return (await there.Images.FindAliasAsync("followed"))?.Target;
    }

    [Fact]
    public async Task A_copy_that_the_server_brought_up_to_date_is_noted_until_instances_may_follow_it()
    {
        // An image of its own: Incus 6.0 deletes the file of an old one though another project has the same.
        var file = File("one: {image: REF}").Replace(Reference, $"{images.Server.Name}:moving", StringComparison.Ordinal);
        await images.Server.IncusAsync("init", "busybox", "source", "--storage", "default");
        try
        {
            await images.Server.IncusAsync("publish", "source", "--alias", "moving", "--public");
            await _bench.UpAsync(file);
            var old = Assert.Single(await View().Images.ListAsync()).Fingerprint;
            await images.Server.IncusAsync("publish", "source", "--alias", "moving", "--public", "--reuse", "version=2");
            Assert.Empty((await _bench.PlanAsync(file)).Diagnostics);
            await fixture.Lab.IncusAsync("image", "refresh", old, "--project", _stack);
            var now = Assert.Single(await View().Images.ListAsync()).Fingerprint;

            var plan = await _bench.PlanAsync(file);
            Assert.False(plan.HasChanges);
            Assert.Equal($"image {images.Server.Name}:moving moved on: {old[..12]} -> {now[..12]} (one)", Assert.Single(plan.Diagnostics).Message);
            await _bench.UpAsync(file, new PlanOptions { AllowRebuild = true });
            Assert.Equal(now, Assert.Single(await View().Instances.ListAsync()).Config["volatile.base_image"]);
        }
        finally
        {
            await images.Server.IncusAsync("delete", "source");
            // The server gives the newer one none of what a stack noted on the older.
            foreach (var image in await View().Images.ListAsync())
                await View().Images.DeleteAsync(image.Fingerprint).CompleteAsync();
        }
    }

    [Fact]
    public async Task A_declared_image_gets_its_alias_is_changed_in_place_and_is_an_orphan_when_dropped()
    {
        string Declared(string keys) => File("one: {image: app}").Replace("instances:", $"images:\n  app: {{source: \"{Reference}\"{keys}}}\ninstances:", StringComparison.Ordinal);

        await _bench.UpAsync(Declared(", alias: mine"));
        Assert.Equal("mine", Assert.Single(Assert.Single(await View().Images.ListAsync()).Aliases).Name);

        await _bench.UpAsync(Declared(", alias: mine, auto_update: true"));
        Assert.True(Assert.Single(await View().Images.ListAsync()).AutoUpdate);

        await fixture.Lab.IncusAsync("image", "alias", "delete", "mine", "--project", _stack);
        await _bench.UpAsync(Declared(", alias: mine, auto_update: true"));
        Assert.Equal("mine", Assert.Single(Assert.Single(await View().Images.ListAsync()).Aliases).Name);

        var without = File("").Replace("instances:\n  \n", "", StringComparison.Ordinal);
        Assert.Contains((await _bench.PlanAsync(without)).Orphans, orphan => orphan.Id.Kind == "image");
        await _bench.UpAsync(without, new PlanOptions { Prune = true });
        Assert.Empty(await View().Images.ListAsync());
    }

    [Fact]
    public async Task Pruning_keeps_an_image_that_an_instance_of_another_project_was_made_from_whichever_project_the_client_is_in()
    {
        await using var project = await fixture.CreateProjectAsync();
        var (name, other) = ($"{_stack}-shared", $"{_stack}-other");
        string Declared(string images) => $"name: {name}\nproject: {project.Name}\nprofiles: {{here: {{}}}}\n{images}";
        var whole = Declared($"images: {{app: {{source: \"{images.Server.Name}:{name}\"}}}}\ninstances: {{{name}: {{image: app}}}}\n");
        await images.Server.IncusAsync("init", "busybox", name, "--storage", "default");
        try
        {
            await images.Server.IncusAsync("publish", name, "--alias", name, "--public");
            await _bench.UpAsync(whole);
            var fingerprint = (await project.Client.Instances.GetAsync(name)).Value.Config["volatile.base_image"];
            await fixture.Lab.IncusAsync("init", fingerprint, other, "--storage", "default");

            var prune = new PlanOptions { Prune = true };
            Assert.Contains($"instance/{other} of project default was made from it too", Assert.Single((await _bench.PlanAsync(Declared(""), prune)).Orphans).Advice, StringComparison.Ordinal);
            await fixture.Lab.IncusAsync("delete", other);
            await _bench.UpAsync(Declared(""), prune);
            Assert.DoesNotContain(await _bench.Client.Images.ListAsync(), image => image.Fingerprint == fingerprint);
        }
        finally
        {
            await images.Server.IncusAsync("delete", name);
        }
    }

    [Fact]
    public async Task An_alias_that_is_changed_or_dropped_goes_and_what_others_call_the_image_stays()
    {
        string Declared(string keys) => File("one: {image: app}").Replace("instances:", $"images:\n  app: {{source: \"{Reference}\"{keys}}}\ninstances:", StringComparison.Ordinal);
        async Task<IEnumerable<string>> AliasesAsync() => Assert.Single(await View().Images.ListAsync()).Aliases.Select(alias => alias.Name).Order(StringComparer.Ordinal);
        await _bench.UpAsync(Declared(", alias: first, auto_update: true"));
        var fingerprint = Assert.Single(await View().Images.ListAsync()).Fingerprint;
        await fixture.Lab.IncusAsync("image", "alias", "create", "theirs", fingerprint, "--project", _stack);

        var changed = Declared(", alias: second, auto_update: true");
        Assert.Contains("~ alias: first -> second", StackWorkbench.Text(await _bench.PlanAsync(changed)), StringComparison.Ordinal);
        await _bench.UpAsync(changed);
        Assert.Equal(["second", "theirs"], await AliasesAsync());

        await _bench.UpAsync(Declared(""));
        Assert.Equal(["theirs"], await AliasesAsync());
        Assert.False(Assert.Single(await View().Images.ListAsync()).AutoUpdate);
    }

    [Fact]
    public async Task An_image_brought_for_an_instance_of_no_stack_bears_no_mark()
    {
        await _bench.UpAsync(File("").Replace("instances:\n  \n", "", StringComparison.Ordinal));
        try
        {
            var result = await _bench.Engine.CreateInstancesAsync(View(), [new InstanceDefinition { Name = "lone", Image = Reference }], start: false);

            Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => resource.Message)));
            Assert.DoesNotContain(Assert.Single(await View().Images.ListAsync()).Properties.Keys, key => key.StartsWith("user.incus-compose", StringComparison.Ordinal));
        }
        finally
        {
            await View().Instances.DeleteAsync("lone").CompleteAsync();
            foreach (var image in await View().Images.ListAsync())
                await View().Images.DeleteAsync(image.Fingerprint).CompleteAsync();
        }
    }

    [Fact]
    public async Task An_image_that_its_server_does_not_have_fails_with_its_name_and_skips_what_needs_it()
    {
        var result = await _bench.ApplyAsync(File($"one: {{image: \"{images.Server.Name}:nope\"}}"));

        var image = Assert.Single(result.Resources, resource => resource.Kind == "image");
        Assert.Equal(ChangeOutcome.Failed, image.Outcome);
        Assert.Equal($"image/{images.Server.Name}:nope", image.Id.ToString());
        Assert.Contains("not found", image.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(ChangeOutcome.Skipped, Assert.Single(result.Resources, resource => resource.Kind == "instance").Outcome);
        Assert.Empty(await View().Instances.ListAsync());
    }

    [Fact]
    public async Task A_remote_that_nobody_knows_is_an_error_before_anything_happens()
    {
        var error = Assert.Single((await Assert.ThrowsAsync<StackFileException>(() => _bench.PlanAsync(File("one: {image: \"nowhere:debian/12\"}")))).Diagnostics);

        Assert.Equal("UnknownRemote", error.Id);
        Assert.StartsWith("there is no remote \"nowhere\" to fetch nowhere:debian/12 from", error.Message);
        Assert.Contains("incus remote add nowhere URL", error.Advice);
        Assert.Null(await _bench.Client.Projects.FindAsync(_stack));
    }

    private IncusClient View() => _bench.Client.ForProject(_stack);

    private async Task DownAsync(RemovalOptions options)
    {
        var result = await _bench.Engine.ApplyAsync(View(), await _bench.Engine.CompareRemovalAsync(View(), _stack, options));
        Assert.True(result.Succeeded, string.Join("\n", result.Resources.Select(resource => resource.Message)));
    }

    /// <summary>A stack in a project of its own, which has images of its own.</summary>
    private string File(string instances) => $$"""
        name: {{_stack}}
        project: {create: true}
        instances:
          {{instances.Replace("REF", Reference, StringComparison.Ordinal)}}

        """;
}
